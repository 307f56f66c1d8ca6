"""Observations and questionnaires: values with unit and comparator, and whether a finding is there."""

from __future__ import annotations

import re
from typing import Any, TypedDict

from msgspec import MsgspecError, Raw, json

from ..pathway.chart import NOTHING, Concepts, Reading
from .elements import codings, items, number, plain, texts, when
from .lens import SEEN, Lens, Resource

_BOUND = re.compile(r"\s*(<=|>=|<|>)?\s*(\d+(?:\.\d+)?)\s*\Z")
_WORD = re.compile(r"[a-z]+")
_NEGATIVE = frozenset({"negative", "absent", "no", "none", "false", "normal", "not"})
_JUDGED_NEGATIVE = frozenset({"NEG", "ND", "N"})  # v3-ObservationInterpretation
_POSITIVE = frozenset({"positive", "present", "yes", "true", "detected", "abnormal"})
_SAY = frozenset({"valueBoolean", "valueCodeableConcept", "valueString", "interpretation"})
_TIMES = ("effectiveDateTime", "effectivePeriod", "effectiveInstant", "issued")
_STRENGTH, _EXAMINATION, _HIP_SCORE = "limb-strength", "examination", "hip-score"
_LOCAL = "https://example.org/fhir/CodeSystem/posterior-hip-pathway"


def reading(resource: Resource, lens: Lens) -> Reading | None:
    """An Observation with a code that matters, and with a final status."""
    code = lens.meaning(resource.get("code"))
    concepts = code.by_code
    if not concepts and "valueCodeableConcept" in resource:  # "finding: numbness of the saddle area"
        concepts = lens.codes(resource["valueCodeableConcept"])
    if not concepts or resource.get("status") not in SEEN:
        return None
    value, unit, comparator = _quantity(resource)
    meaning: Concepts = NOTHING
    present: bool | None = None
    places: tuple[Concepts, ...] = ()
    if value is None:  # a finding: where it is and whether it is there
        if "dataAbsentReason" in resource:
            return None  # not done, or not known: neither there nor absent
        concepts = concepts | code.by_words
        if "bodySite" in resource:
            concepts, places = concepts | lens.codes_and_words(resource["bodySite"]), lens.places(resource)
        meaning, present = lens.codes(resource.get("valueCodeableConcept")), _present(resource)
    return Reading(
        f"Observation/{resource.get('id', '')}",
        code.first,
        concepts,
        lens.when(resource, *_TIMES),
        value,
        unit,
        comparator,
        meaning,
        present,
        on=when(resource["valueDateTime"], lens.zone) if "valueDateTime" in resource else None,
        parts=_parts(resource, lens) if "component" in resource else (),
        sides=lens.sides(resource) if _STRENGTH in concepts else NOTHING,
        places=places,
    )


class _Part(TypedDict, total=False):
    code: Raw
    valueQuantity: Any


_panel = json.Decoder(list[_Part]).decode


def _parts(resource: Resource, lens: Lens) -> tuple[tuple[Concepts, float], ...]:
    """The values of a panel, such as systolic and diastolic pressure."""
    listed: Any = resource["component"]
    if listed.__class__ is Raw:
        try:
            listed = _panel(listed)
        except MsgspecError:  # not of the usual form
            listed = plain(listed)
    return tuple(
        (lens.codes(part.get("code")), value)
        for part in items(listed)
        if isinstance(part, dict) and (value := number((part.get("valueQuantity") or {}).get("value"))) is not None
    )


def _quantity(resource: Resource) -> tuple[float | None, str | None, str | None]:
    quantity = plain(resource.get("valueQuantity"))
    if isinstance(quantity, dict):
        unit = quantity.get("code") or quantity.get("unit")
        comparator = quantity.get("comparator")
        return number(quantity.get("value")), unit if isinstance(unit, str) else None, comparator
    if "valueInteger" in resource:
        return number(resource["valueInteger"]), None, None
    bound = _BOUND.match(resource["valueString"]) if isinstance(resource.get("valueString"), str) else None
    return (float(bound[2]), None, bound[1]) if bound else (None, None, None)


def _present(resource: Resource) -> bool | None:
    """Whether a finding is there: True, False, or None when the resource has no such value."""
    if _SAY.isdisjoint(resource):
        return None
    if isinstance(resource.get("valueBoolean"), bool):
        present: bool = resource["valueBoolean"]
        return present
    said = texts(resource.get("valueCodeableConcept")) + texts(resource.get("valueString"))
    if not said and "valueCodeableConcept" not in resource:
        said = texts(resource.get("interpretation"))
    codes = {code for _, code, _ in codings(resource.get("valueCodeableConcept"))}
    words = {word for text in said for word in _WORD.findall(text.lower())}
    judged = {code for _, code, _ in codings(resource.get("interpretation"))}
    if "260385009" in codes or words & _NEGATIVE or judged & _JUDGED_NEGATIVE:
        return False
    return True if "10828004" in codes or words & _POSITIVE else None


def questionnaire(resource: Resource, lens: Lens) -> Reading | None:
    """A hip score or an examination that came as a completed questionnaire: its name is the last part of the questionnaire's
    address. Of an examination it matters only that it was done."""
    name = str(resource.get("questionnaire", "")).split("|")[0].rstrip("/").rsplit("/", 1)[-1]
    concepts = lens.of_code(_LOCAL, name)
    if resource.get("status") not in ("completed", "amended"):
        return None
    ref = f"QuestionnaireResponse/{resource.get('id', '')}"
    if _EXAMINATION in concepts:
        return Reading(ref, name, concepts, lens.when(resource, "authored"))
    if _HIP_SCORE not in concepts:
        return None
    for item in items(resource.get("item")):
        if item.get("linkId") == "total":
            answer: Resource = next(iter(items(item.get("answer"))), {})
            value = number(answer.get("valueDecimal", answer.get("valueInteger")))
            return Reading(ref, name, concepts, lens.when(resource, "authored"), value)
    return None
