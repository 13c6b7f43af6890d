"""Doors for machines over HTTP: FHIR and JSON. They know tokens and no sessions."""
