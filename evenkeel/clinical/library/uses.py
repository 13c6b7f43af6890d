"""What ketamine is used for, as the library shows it: the clinic's own indications, so that both agree."""

from datetime import date

from evenkeel.clinical.library.shape import Mark
from evenkeel.clinical.screening import GRADES, INDICATIONS, Indication
from evenkeel.values.shape import frozen


@frozen
class Use:
    """One use: the grade of what was read, guidelines' position, and the regulatory status on a date."""

    label: str
    grade: str
    evidence: str
    guideline: str
    status: str
    status_date: date
    mark: Mark
    cite: tuple[str, ...]


def uses() -> tuple[Use, ...]:
    """Every use in the order of the indications."""
    return tuple(_use(indication) for indication in INDICATIONS.values())


def _use(indication: Indication) -> Use:
    return Use(
        label=indication.label,
        grade=GRADES[indication.grade],
        evidence=indication.evidence,
        guideline=indication.guideline,
        status=indication.status,
        status_date=indication.status_date,
        mark="read" if indication.basis == "source" else indication.basis,
        cite=indication.cite,
    )
