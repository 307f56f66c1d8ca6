"""Observations and questionnaire scores: values with unit and comparator, and whether a finding is there."""

from __future__ import annotations

import re

from ..pathway.chart import NOTHING, Reading
from .elements import codings, items, number, texts, when
from .lens import SEEN, Lens, Resource

_BOUND = re.compile(r"\s*(<=|>=|<|>)?\s*(\d+(?:\.\d+)?)\s*\Z")
_WORD = re.compile(r"[a-z]+")
_NEGATIVE = frozenset({"negative", "absent", "no", "none", "false", "normal", "not"})
_POSITIVE = frozenset({"positive", "present", "yes", "true", "detected", "abnormal"})
_LOCAL = "https://example.org/fhir/CodeSystem/posterior-hip-pathway"


def reading(resource: Resource, lens: Lens) -> Reading | None:
    code = resource.get("code")
    concepts, matched = NOTHING, ""
    for system, coded, _ in codings(code):
        known = lens.of_code(system, coded)
        if known:
            concepts, matched = concepts | known, matched or coded
    if not concepts or resource.get("status") not in SEEN:
        return None
    concepts = concepts | lens.words(texts(code)) | lens.codes_and_words(resource.get("bodySite"))
    quantity, unit, comparator = _quantity(resource)
    parts = tuple(
        (lens.codes(c.get("code")), value)
        for c in items(resource.get("component"))
        if isinstance(c, dict) and (value := number((c.get("valueQuantity") or {}).get("value"))) is not None
    )
    return Reading(
        ref=f"Observation/{resource.get('id', '')}",
        code=matched,
        concepts=concepts,
        when=lens.when(resource, "effectiveDateTime", "effectivePeriod", "effectiveInstant", "issued"),
        value=quantity,
        unit=unit,
        comparator=comparator,
        meaning=lens.codes(resource.get("valueCodeableConcept")),
        present=_present(resource),
        on=when(resource.get("valueDateTime"), lens.zone),
        parts=parts,
        sides=lens.sides(resource),
    )


def _quantity(resource: Resource) -> tuple[float | None, str | None, str | None]:
    quantity = resource.get("valueQuantity")
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
    if isinstance(resource.get("valueBoolean"), bool):
        present: bool = resource["valueBoolean"]
        return present
    said = texts(resource.get("valueCodeableConcept")) + texts(resource.get("valueString"))
    if not said and "valueCodeableConcept" not in resource:
        said = texts(resource.get("interpretation"))
    codes = {code for _, code, _ in codings(resource.get("valueCodeableConcept"))}
    words = {word for text in said for word in _WORD.findall(text.lower())}
    if "260385009" in codes or words & _NEGATIVE:
        return False
    return True if "10828004" in codes or words & _POSITIVE else None


def questionnaire(resource: Resource, lens: Lens) -> Reading | None:
    """A hip score that came as a completed questionnaire: its name is the last part of the questionnaire's address."""
    name = str(resource.get("questionnaire", "")).rstrip("/").rsplit("/", 1)[-1].split("|")[0]
    concepts = lens.of_code(_LOCAL, name)
    if "hip-score" not in concepts or resource.get("status") not in ("completed", "amended"):
        return None
    for item in items(resource.get("item")):
        if item.get("linkId") == "total":
            answer: Resource = next(iter(items(item.get("answer"))), {})
            value = number(answer.get("valueDecimal", answer.get("valueInteger")))
            ref = f"QuestionnaireResponse/{resource.get('id', '')}"
            return Reading(ref, name, concepts, lens.when(resource, "authored"), value)
    return None
