"""A chart as an EHR lists it: one row an entry, in groups, newest first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from ..fhir.elements import items, texts, token
from .personas import Resource, reference

# Resource types by group, in the order in which a clinician reads them.
_GROUPS = {
    "Condition": "Problems",
    "MedicationRequest": "Medicines",
    "MedicationStatement": "Medicines",
    "MedicationDispense": "Medicines",
    "AllergyIntolerance": "Allergies",
    "Observation": "Scores and results",
    "QuestionnaireResponse": "Scores and results",
    "DiagnosticReport": "Scores and results",
    "ImagingStudy": "Scores and results",
    "Encounter": "Visits and treatments",
    "Procedure": "Visits and treatments",
}
_OTHER = "Orders, plans and documents"
GROUPS = (*dict.fromkeys(_GROUPS.values()), _OTHER)
_BEGIN = ("onsetDateTime", "effectiveDateTime", "performedDateTime", "started", "sent", "authored", "authoredOn", "date")
_BEGIN_LATER = ("recordedDate", "issued", "created")
_PERIODS = ("onsetPeriod", "effectivePeriod", "performedPeriod", "period")
_NAMED = ("code", "medicationCodeableConcept", "type", "vaccineCode")
_ANNOTATION = re.compile(r"\{[^}]*\}")  # {score}, {1.73_m2}: UCUM for machines
_ERRORS = frozenset({"entered-in-error", "refuted"})
_PART = re.compile(r"(\d{4})(?:-(\d\d))?\Z")


@dataclass(frozen=True, slots=True)
class Row:
    """One entry: its reference, what it is, what it says, and its days (None where it has none). ``is_error``: it was entered by
    mistake or refuted."""

    ref: str
    group: str
    title: str
    said: str
    begin: date | None
    end: date | None
    kind: str
    is_error: bool


def rows(chart: Iterable[Resource]) -> dict[str, list[Row]]:
    """Every entry of a chart but the Patient by group, newest first."""
    found: dict[str, list[Row]] = {group: [] for group in GROUPS}
    for resource in chart:
        if resource["resourceType"] != "Patient":
            row = _row(resource)
            found[row.group].append(row)
    for listed in found.values():
        listed.sort(key=lambda row: row.begin or date.min, reverse=True)
    return found


def _row(resource: Resource) -> Row:
    kind = resource["resourceType"]
    begin, end = _days(resource)
    statuses = {token(resource.get("status")), token(resource.get("verificationStatus"))}
    said = ", ".join(_said(resource))
    return Row(reference(resource), _GROUPS.get(kind, _OTHER), _title(resource), said, begin, end, kind, bool(statuses & _ERRORS))


def _title(resource: Resource) -> str:
    named = next((said for name in _NAMED if (said := texts(resource.get(name)))), None)
    if named:
        return named[0]
    pointed = resource.get("medicationReference")
    if isinstance(pointed, dict):
        return _first(pointed.get("display")) or "a medicine that is recorded elsewhere"
    asked = resource.get("questionnaire")
    if isinstance(asked, str) and asked:
        return asked.partition("|")[0].rstrip("/").rpartition("/")[2]
    return _first(resource.get("category")) or _first(resource.get("description")) or str(resource["resourceType"])


def _said(resource: Mapping[str, Any]) -> list[str]:
    found = [_value(resource), *(f"{_first(part.get('code'))} {_value(part)}" for part in _dicts(resource.get("component")))]
    found += [_first(dose.get("text")) or _dose(dose) for dose in _dicts(resource.get("dosageInstruction"))]
    status = token(resource.get("clinicalStatus")) or token(resource.get("status"))
    verified = token(resource.get("verificationStatus"))
    found += [status if status not in ("active", "final", "finished", "completed", "draft") else ""]
    found += [verified if verified not in ("", "confirmed") else ""]
    return [text for text in found if text]


def _value(resource: Mapping[str, Any]) -> str:
    quantity = resource.get("valueQuantity")
    if isinstance(quantity, dict):
        return f"{quantity.get('comparator', '')}{_amount(quantity)}"
    for name in ("valueCodeableConcept", "valueString", "valueInteger", "valueBoolean", "valueDateTime"):
        value = resource.get(name)
        if value is not None:
            return _first(value) or ("" if isinstance(value, dict) else str(value))
    return ""


def _amount(quantity: Mapping[str, Any]) -> str:
    unit = _ANNOTATION.sub("", str(quantity.get("unit") or quantity.get("code") or ""))
    return f"{quantity.get('value', '')} {unit.replace('[', '').replace(']', '').rstrip('/')}".strip()


def _dose(dose: Mapping[str, Any]) -> str:
    quantity = next((rate.get("doseQuantity") for rate in _dicts(dose.get("doseAndRate"))), None)
    timing = dose.get("timing")
    repeat = timing.get("repeat") if isinstance(timing, dict) else None
    amount = _amount(quantity) if isinstance(quantity, dict) else ""
    often = f"{repeat.get('frequency', 1)} a day" if isinstance(repeat, dict) and repeat.get("periodUnit") == "d" else ""
    return ", ".join(part for part in (amount, often) if part)


def _days(resource: Mapping[str, Any]) -> tuple[date | None, date | None]:
    periods = [p for name in _PERIODS if isinstance(p := resource.get(name), dict)]
    for dose in _dicts(resource.get("dosageInstruction")):
        timing = dose.get("timing")
        repeat = timing.get("repeat") if isinstance(timing, dict) else None
        bounds = repeat.get("boundsPeriod") if isinstance(repeat, dict) else None
        periods += [bounds] if isinstance(bounds, dict) else []
    begins = [p.get("start") for p in periods] + [resource.get(name) for name in (*_BEGIN, *_BEGIN_LATER)]
    ends = [p.get("end") for p in periods] + [resource.get("abatementDateTime")]
    return _first_day(begins), _first_day(ends)


def _first_day(values: Iterable[Any]) -> date | None:
    for value in values:
        if isinstance(value, str):
            part = _PART.match(value)
            try:
                return date(int(part[1]), int(part[2] or 1), 1) if part else date.fromisoformat(value[:10])
            except ValueError:
                continue
    return None


def _first(value: Any) -> str:
    said = texts(value)
    return said[0] if said else ""


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [part for part in items(value) if isinstance(part, dict)]
