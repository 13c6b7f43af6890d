"""The banner that stands on every page about one patient, as plain values."""

from typing import Any, Final

from django.urls import reverse

from evenkeel.record.patients import PatientState
from evenkeel.record.referral import Allergy, Sex
from evenkeel.store.queries import visits
from evenkeel.values.ids import reference_of

SEX_WORDS: Final[dict[Sex, str]] = {
    "female": "female",
    "male": "male",
    "other": "other",
    "unknown": "not known",
}


def banner(patient: PatientState) -> dict[str, Any]:
    """What `people.patient_banner` shows: two identifiers, the allergies, the last weight with its day."""
    details = patient.demographics
    last = visits.last_weight(patient.stream)
    return {
        "name": details.full_name,
        "born_date": details.birth_date,
        "sex": SEX_WORDS[details.sex],
        "second_identifier": f"Record no. {details.record_number}",
        "allergies": allergy_words(patient),
        "weight_kg": last.weight.value if last else None,
        "weighed_at": last.weighed_at if last else None,
        "url": reverse("patient", args=[reference_of(patient.stream)]),
    }


def allergy_words(patient: PatientState) -> list[str] | None:
    """Every allergy in words; an empty list for none known, None when nobody has asked."""
    recorded = patient.allergies
    if recorded is None:
        return None
    return [_allergy(allergy) for allergy in recorded.allergies]


def _allergy(allergy: Allergy) -> str:
    return f"{allergy.substance} ({allergy.reaction})" if allergy.reaction else allergy.substance
