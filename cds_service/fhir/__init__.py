"""FHIR R4 on both sides: what the EHR sends becomes a chart, what we suggest becomes a draft."""
