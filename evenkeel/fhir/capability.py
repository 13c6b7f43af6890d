"""What the FHIR door takes, as a CapabilityStatement (FHIR R4 4.0.1, CapabilityStatement)."""

from typing import Any, Final

# The day on which what is stated here last changed.
STATED_DATE: Final = "2026-11-23"


def capability_statement() -> dict[str, Any]:
    """Say what a gateway may ask for: Observations are created, alone or in a Bundle, and nothing is read."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": STATED_DATE,
        "kind": "instance",
        "software": {"name": "Evenkeel"},
        "implementation": {"description": "Measurements of bedside monitors, sent by gateways."},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json"],
        "rest": [
            {
                "mode": "server",
                "security": {
                    "description": "Each request bears the token of a gateway: Authorization: Bearer.",
                },
                "resource": [
                    {
                        "type": "Observation",
                        "interaction": [{"code": "create"}],
                        "conditionalCreate": True,
                    }
                ],
                "interaction": [{"code": "batch"}, {"code": "transaction"}],
            }
        ],
    }
