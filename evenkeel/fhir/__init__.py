"""FHIR R4 resources and what they mean here: pure mapping, without transport, tables or clock."""
