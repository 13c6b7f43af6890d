"""Check-in: the gate before anything is drawn up. Who, with whom, fasted, weighed today, and how they are."""

from datetime import date
from fractions import Fraction
from typing import Final

from evenkeel.clinical.decision import gate
from evenkeel.clinical.pressure import above_either, at_or_above_either
from evenkeel.clinical.questions import check_of, read_questions
from evenkeel.clinical.rulebook import Clear, Finding, Fires, Limits, Rulebook, Unknown, rule
from evenkeel.clinical.screening import assess_age_of_screening
from evenkeel.record.checkin import CheckInOutcome, Escort
from evenkeel.record.screening import Tri
from evenkeel.record.signs import Signs
from evenkeel.record.verdict import Verdict
from evenkeel.values.drug import to_decimal
from evenkeel.values.numbers import plain
from evenkeel.values.quantities import Hours, Weight
from evenkeel.values.shape import frozen


@frozen
class CheckInFacts:
    """What was asked and measured on arrival: the payload without what the rules say about it."""

    name_and_birth_date_agree: Tri
    record_number_agrees: Tri
    escort: Escort
    hours_since_clear_fluid: Hours | None
    hours_since_light_meal: Hours | None
    weight: Weight | None
    weight_measured_today: Tri
    answers: dict[str, Tri]
    signs: Signs


@frozen
class Arrival:
    """The facts of a check-in beside what the record already held."""

    facts: CheckInFacts
    previous_weight: Weight | None
    consent_stands: bool
    screened_fit: bool

    @property
    def answers(self) -> dict[str, Tri]:
        """The answers to the check-in questions."""
        return self.facts.answers


@frozen
class CheckInAssessment:
    """Every rule's answer, and what they come to."""

    outcome: CheckInOutcome
    verdicts: tuple[Verdict, ...]


QUESTIONS: Final = read_questions("checkin")

for _question in QUESTIONS:
    rule(_question.rule)(check_of(_question))

_RULES: Final = (
    "CHK-ID-001",
    "CHK-CON-001",
    "CHK-SCR-001",
    "CHK-ESC-001",
    "CHK-FST-001",
    "CHK-FST-002",
    "CHK-WGT-001",
    "CHK-WGT-002",
    "CHK-WGT-003",
    "CHK-WGT-004",
    "CHK-BP-001",
    "CHK-BP-002",
    "CHK-BP-003",
    "CHK-OX-001",
    *(question.rule for question in QUESTIONS),
)

_OUTCOMES: Final[dict[str, CheckInOutcome]] = {
    "open": "open",
    "needs_prescriber": "needs_prescriber",
    "shut": "not_today",
}


def assess(
    book: Rulebook,
    facts: CheckInFacts,
    *,
    previous_weight: Weight | None,
    consent_stands: bool,
    screened_fit: bool,
    screened_date: date | None,
    on: date,
) -> CheckInAssessment:
    """Ask every check-in rule, and whether the screening still stands on the day."""
    arrival = Arrival(
        facts=facts,
        previous_weight=previous_weight,
        consent_stands=consent_stands,
        screened_fit=screened_fit,
    )
    verdicts = (
        *book.consult_all(_RULES, arrival, on=on),
        assess_age_of_screening(book, screened_date, on=on),
    )
    return CheckInAssessment(outcome=_OUTCOMES[gate(verdicts)], verdicts=verdicts)


def _all_yes(answers: dict[str, Tri]) -> Finding:
    """One "no" fires whatever else is unknown."""
    said_no = tuple(f"{name}: no" for name, answer in answers.items() if answer == "no")
    if said_no:
        return Fires(evidence=said_no)
    missing = tuple(name for name, answer in answers.items() if answer == "unknown")
    return Unknown(missing=missing) if missing else Clear()


@rule("CHK-ID-001")
def identity(arrival: Arrival, _: Limits) -> Finding:
    """Similar names are common, so one identifier is never enough."""
    return _all_yes(
        {
            "name and birth date agree": arrival.facts.name_and_birth_date_agree,
            "record number agrees": arrival.facts.record_number_agrees,
        }
    )


@rule("CHK-CON-001")
def consent(arrival: Arrival, _: Limits) -> Finding:
    """A consent withdrawn at the door counts at once."""
    return Clear() if arrival.consent_stands else Fires()


@rule("CHK-SCR-001")
def screened(arrival: Arrival, _: Limits) -> Finding:
    """A patient who was never screened is not fit."""
    return Clear() if arrival.screened_fit else Fires()


@rule("CHK-ESC-001")
def escort_confirmed(arrival: Arrival, _: Limits) -> Finding:
    """An escort is a person who can be called, so a confirmation without a name or number is not one."""
    escort = arrival.facts.escort
    if escort.confirmed == "no":
        return Fires(evidence=("escort confirmed: no",))
    asked = {
        "escort confirmed": escort.confirmed == "yes",
        "escort's name": bool(escort.name.strip()),
        "escort's telephone number": bool(escort.phone.strip()),
    }
    missing = tuple(name for name, known in asked.items() if not known)
    return Unknown(missing=missing) if missing else Clear()


def _fasted(hours: Hours | None, limits: Limits, what: str) -> Finding:
    if hours is None:
        return Unknown(missing=(f"time since the last {what}",))
    return Fires(evidence=(f"{hours} since the last {what}",)) if hours < limits.fasted else Clear()


@rule("CHK-FST-001")
def fasted_of_clear_fluid(arrival: Arrival, limits: Limits) -> Finding:
    """Water and clear juice."""
    return _fasted(arrival.facts.hours_since_clear_fluid, limits, "clear fluid")


@rule("CHK-FST-002")
def fasted_of_light_meal(arrival: Arrival, limits: Limits) -> Finding:
    """Toast and the like; a fatty meal has a question of its own."""
    return _fasted(arrival.facts.hours_since_light_meal, limits, "light meal")


@rule("CHK-WGT-001")
def weighed_today(arrival: Arrival, _: Limits) -> Finding:
    """A weight that was told or copied is how an old one stays in use."""
    measured = arrival.facts.weight_measured_today
    if measured == "no":
        return Fires(evidence=("weight measured today: no",))
    if arrival.facts.weight is None:
        return Unknown(missing=("weight",))
    return Clear() if measured == "yes" else Unknown(missing=("whether the weight was measured today",))


@rule("CHK-WGT-002")
def weight_off_the_last(arrival: Arrival, limits: Limits) -> Finding:
    """Pounds for kilograms, a moved decimal point or the wrong patient all show as a jump."""
    weight, previous = arrival.facts.weight, arrival.previous_weight
    if weight is None:
        return Unknown(missing=("weight",))
    if previous is None or previous.value == 0:
        return Unknown(missing=("an earlier weight",))
    change = abs(Fraction(weight.value) - Fraction(previous.value)) / Fraction(previous.value) * 100
    if change > Fraction(limits.change.value):
        return Fires(
            evidence=(f"{weight} today, {previous} last time: {plain(to_decimal(change, 1))} % off",)
        )
    return Clear()


def _weight_within(arrival: Arrival, limits: Limits) -> Finding:
    weight = arrival.facts.weight
    if weight is None:
        return Unknown(missing=("weight",))
    outside = weight < limits.least or weight > limits.most
    return Fires(evidence=(f"weight {weight}",)) if outside else Clear()


@rule("CHK-WGT-003")
def weight_unusual(arrival: Arrival, limits: Limits) -> Finding:
    """Possible, and more often a slip."""
    return _weight_within(arrival, limits)


@rule("CHK-WGT-004")
def weight_impossible(arrival: Arrival, limits: Limits) -> Finding:
    """A weight times ten or through ten lands here."""
    return _weight_within(arrival, limits)


@rule("CHK-BP-001")
def pressure_too_high(arrival: Arrival, limits: Limits) -> Finding:
    """Ketamine raises pressure further, so nothing is started from here."""
    return above_either(arrival.facts.signs.systolic, arrival.facts.signs.diastolic, limits)


@rule("CHK-BP-002")
def pressure_for_a_prescriber(arrival: Arrival, limits: Limits) -> Finding:
    """Below the line of the contraindication, but high enough for a named decision."""
    return at_or_above_either(arrival.facts.signs.systolic, arrival.facts.signs.diastolic, limits)


@rule("CHK-BP-003")
def pressure_raised(arrival: Arrival, limits: Limits) -> Finding:
    """Advice only."""
    return above_either(arrival.facts.signs.systolic, arrival.facts.signs.diastolic, limits)


@rule("CHK-OX-001")
def saturation_low(arrival: Arrival, limits: Limits) -> Finding:
    """Whoever is short of oxygen at rest has no reserve for a sedating drug."""
    spo2 = arrival.facts.signs.spo2
    if spo2 is None:
        return Unknown(missing=("oxygen saturation",))
    return Fires(evidence=(f"saturation {spo2}",)) if spo2 < limits.saturation else Clear()
