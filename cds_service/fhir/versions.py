"""Resources written in another version of FHIR than R4. What they say would be misread, so they are not read at all.

Only elements that R4 does not have are signs, and only where the version changes what is understood: an Observation or a
Patient says the same in all of them.
"""

from __future__ import annotations

from typing import Any

_DSTU2, _STU3, _R5 = "DSTU2", "STU3", "R5"
_MEDICATION = {"medication": _R5, "reason": _R5, "context": _STU3, "taken": _STU3, "notDone": _STU3, "wasNotTaken": _DSTU2}
# Elements of another version, by the type of resource that they are a sign in.
SIGNS: dict[str, dict[str, str]] = {
    "Condition": {"patient": _DSTU2, "dateRecorded": _DSTU2, "assertedDate": _STU3, "context": _STU3},
    "MedicationRequest": _MEDICATION,
    "MedicationStatement": {name: version for name, version in _MEDICATION.items() if name != "context"},
    "MedicationDispense": {name: version for name, version in _MEDICATION.items() if name != "context"},
    "Procedure": {
        "notPerformed": _DSTU2,
        "notDone": _STU3,
        "occurrenceDateTime": _R5,
        "occurrencePeriod": _R5,
        "reason": _R5,
    },
    "Encounter": {"indication": _DSTU2, "incomingReferral": _STU3, "reason": "STU3 or R5", "actualPeriod": _R5, "admission": _R5},
    "ServiceRequest": {"reason": _R5},
    "DiagnosticReport": {"codedDiagnosis": _STU3},
    "ImagingStudy": {"uid": _STU3, "patient": _STU3, "procedure": _R5},
    "Communication": {"notDone": _STU3},
    "DocumentReference": {"indexed": _STU3, "created": _STU3},
    "AllergyIntolerance": {"substance": _DSTU2, "status": _DSTU2, "assertedDate": _STU3},
    "QuestionnaireResponse": {"group": _DSTU2, "parent": _STU3},
}
_NAMES = {kind: frozenset(signs) for kind, signs in SIGNS.items()}
# Elements that have another form there: R5 writes {"concept": ...} or {"reference": ...}, STU3 a Reference.
_FORMS = {
    "ServiceRequest": ("code", ("concept", "reference"), _R5),
    "QuestionnaireResponse": ("questionnaire", ("reference",), _STU3),
}
# Types in which the version can be told.
VERSIONED = frozenset(SIGNS.keys() | _FORMS.keys())


def foreign_version(resource: dict[str, Any]) -> str | None:
    """The version of FHIR that a resource is written in when it is clearly not R4."""
    kind = resource["resourceType"]
    if kind in SIGNS and not _NAMES[kind].isdisjoint(resource):
        return next(version for sign, version in SIGNS[kind].items() if sign in resource)
    if kind in _FORMS:
        name, parts, version = _FORMS[kind]
        value = resource.get(name)
        if value.__class__ is dict and any(part in value for part in parts):
            return version
    return None
