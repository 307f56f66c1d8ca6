"""The same chart told differently: with something irrelevant, in another order, or with a part that could not be read."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from random import Random
from typing import Any

from .catalogue import IRRELEVANT
from .charts import LOSSES, lose
from .story import Story

Request = dict[str, Any]
_OF: dict[str, Any] = {"subject": {}}
_ME: dict[str, Any] = {"patient": {}}
_STRANGE = {"coding": [{"system": "http://snomed.info/sct", "code": "400097005", "display": "Ingrowing nail"}]}
_ACTIVE = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]}
_OFFICE = {"coding": [{"system": "http://snomed.info/sct", "code": "185349003"}], "text": "Office visit"}
_TSH = {"coding": [{"system": "http://loinc.org", "code": "3016-3"}], "text": "Thyrotropin"}
_BIOPSY = {"coding": [{"system": "http://snomed.info/sct", "code": "86273004"}], "text": "Biopsy"}

# One resource of each kind that nobody here has anything to say about.
NOISE: Mapping[str, dict[str, Any]] = {
    "Condition": {
        **_OF,
        "code": {**_STRANGE, "text": "Ingrowing toenail"},
        "clinicalStatus": _ACTIVE,
        "onsetDateTime": "2026-02-20",
    },
    "Observation": {
        **_OF,
        "status": "final",
        "code": _TSH,
        "valueQuantity": {"value": 2.1, "unit": "mIU/L"},
        "issued": "2026-02-01",
    },
    "MedicationRequest": {
        **_OF,
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": {"text": IRRELEVANT[0].name},
    },
    "MedicationStatement": {**_OF, "status": "active", "medicationCodeableConcept": {"text": IRRELEVANT[1].name}},
    "AllergyIntolerance": {**_ME, "code": {"text": "Peanut"}, "category": ["food"]},
    "Procedure": {**_OF, "status": "completed", "code": _BIOPSY, "performedDateTime": "2026-02-10"},
    "Encounter": {**_OF, "status": "in-progress", "type": [_OFFICE], "period": {"start": "2026-03-02"}},
    "ServiceRequest": {**_OF, "status": "active", "intent": "order", "code": _TSH, "authoredOn": "2026-02-01"},
    "DiagnosticReport": {**_OF, "status": "final", "code": _TSH, "effectiveDateTime": "2026-02-01"},
    "CarePlan": {**_OF, "status": "active", "intent": "plan", "category": [_STRANGE]},
    "EpisodeOfCare": {**_ME, "status": "active", "type": [_STRANGE]},
    "Flag": {**_OF, "status": "active", "code": _STRANGE},
}


def with_noise(request: Request, random: Random) -> Request:
    """A few irrelevant resources among the others, and a prefetch key that nobody asked for."""
    changed = {**request, "prefetch": {**request["prefetch"], "unasked": {"resourceType": "Immunization"}}}
    prefetch = changed["prefetch"]
    for kind in random.sample(sorted(NOISE), 4):
        bundle = prefetch.get(kind)
        if bundle and bundle["resourceType"] == "Bundle":
            entries = [*bundle["entry"]]
            strange = {"resourceType": kind, "id": f"{kind.lower()}-irrelevant", **NOISE[kind]}
            whose = "patient" if "patient" in strange else "subject"
            strange[whose] = {"reference": f"Patient/{request['context']['patientId']}"}
            entries.insert(random.randrange(len(entries) + 1), {"resource": strange})
            prefetch[kind] = {**bundle, "entry": entries}
    return changed


def shuffled(request: Request, random: Random) -> Request:
    """The resources of each Bundle and the codings of each CodeableConcept in another order."""
    changed = deepcopy(request)
    for bundle in changed["prefetch"].values():
        if isinstance(bundle, dict) and "entry" in bundle:
            random.shuffle(bundle["entry"])
    _shuffle_codings(changed, random)
    return changed


def _shuffle_codings(value: Any, random: Random) -> None:
    if isinstance(value, dict):
        if isinstance(value.get("coding"), list):
            random.shuffle(value["coding"])
        for member in value.values():
            _shuffle_codings(member, random)
    elif isinstance(value, list):
        for item in value:
            _shuffle_codings(item, random)


def with_less(story: Story, which: int, how: int) -> tuple[Request, str]:
    """One more kind of resource that cannot be read, and which; empty when all are gone already."""
    kinds = sorted(set(story.request["prefetch"]) - story.lost)
    if not kinds:
        return story.request, ""
    kind = kinds[which % len(kinds)]
    prefetch = dict(story.request["prefetch"])
    lose(prefetch, kind, LOSSES[how % len(LOSSES)])
    return {**story.request, "prefetch": prefetch}, kind
