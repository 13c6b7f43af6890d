"""What is known about an indication, in words: for whoever chooses one, and on the screening for it."""

from typing import Any

from evenkeel.clinical.screening import GRADES, INDICATIONS
from evenkeel.web.verdicts import BASIS_WORDS


def indication_words(key: str, *, is_offered: bool) -> dict[str, Any]:
    """The evidence with its grade, the guidelines' position, and the regulatory status with its date."""
    known = INDICATIONS[key]
    return {
        "key": key,
        "label": known.label,
        "grade": GRADES[known.grade],
        "evidence": known.evidence,
        "guideline": known.guideline,
        "status": known.status,
        "on": known.status_date,
        "basis": BASIS_WORDS[known.basis],
        "is_offered": is_offered,
    }
