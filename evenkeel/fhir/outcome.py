"""OperationOutcome: what became of a request, in the words of an `Issue`."""

from collections.abc import Iterable
from typing import Any, Final

from evenkeel.values.issues import Issue

# Our codes to FHIR's issue types (R4, value set issue-type); what is not named is a rule of the clinic.
_KINDS: Final[dict[str, str]] = {
    "not_json": "structure",
    "not_an_observation": "structure",
    "field_unreadable": "structure",
    "device_missing": "required",
    "patient_unreadable": "required",
    "time_missing": "required",
    "time_unreadable": "value",
    "not_numeric": "value",
    "unit_unknown": "code-invalid",
    "code_and_name_disagree": "code-invalid",
    "not_charted": "informational",
    "taken": "informational",
    "taken_before": "informational",
    "no_signal": "informational",
    "not_understood": "not-supported",
    "type": "not-supported",
    "method": "not-supported",
    "condition": "not-supported",
    "too_large": "too-long",
    "token": "login",
    "not_its_monitor": "forbidden",
    "not_stored": "transient",
}


def operation_outcome(issues: Iterable[Issue]) -> dict[str, Any]:
    """Write issues as an OperationOutcome. Sentences of issues hold no patient data, so they may be sent."""
    return {
        "resourceType": "OperationOutcome",
        "issue": [
            {
                "severity": issue.severity,
                "code": _KINDS.get(issue.code, "business-rule"),
                "details": {"coding": [{"code": issue.code}], "text": issue.sentence},
                **({"expression": [issue.field]} if issue.field else {}),
            }
            for issue in issues
        ],
    }
