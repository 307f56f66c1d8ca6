"""Drafts that a card offers: a template of the content folder becomes a complete FHIR R4 resource."""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from .elements import items

RESOURCE_TYPES = ("MedicationRequest", "ServiceRequest", "Task", "CommunicationRequest", "Appointment")
_TODAY = re.compile(r"@today(?:\+(\d+)d)?\Z")
_AUTHORED = frozenset({"MedicationRequest", "ServiceRequest", "CommunicationRequest"})
_MODELS = "fhir.resources.R4B"


class Session(NamedTuple):
    """Whom a draft is for, and where it comes from."""

    patient: str
    encounter: str | None
    today: date
    note: str
    reasons: tuple[str, ...] = ()


class Subject:
    """What the drafts of one answer have in common, put together once."""

    __slots__ = ("authored", "encounter", "patient", "reasons", "today")

    def __init__(self, session: Session) -> None:
        self.today = session.today
        self.authored = session.today.isoformat()
        self.patient = {"reference": f"Patient/{session.patient}"}
        self.encounter = {"reference": f"Encounter/{session.encounter}"} if session.encounter else None
        self.reasons = [{"reference": ref} for ref in session.reasons]


class DraftForm:
    """A template made ready: what is the same in every draft of it is put together once. Drafts share it and change nothing in
    it."""

    def __init__(self, resource_type: str, template: Mapping[str, Any], dated: frozenset[str], note: str) -> None:
        self._type = resource_type
        self._note = note
        self._dated = {key: value for key, value in template.items() if key in dated}
        self._of_day: tuple[date, Mapping[str, Any]] | None = None
        resource: dict[str, Any] = {"resourceType": resource_type}
        if resource_type == "Appointment":
            resource["status"] = "proposed"
        else:
            resource["status"] = "draft"
            if resource_type != "CommunicationRequest":
                resource["intent"] = "order"
        self._resource: dict[str, Any] = {**resource, **template}
        self._said = "comment" if resource_type == "Appointment" else "note"
        self._told = self._with_note(template.get(self._said))

    def draft(self, subject: Subject) -> dict[str, Any]:
        """A draft with status, patient, reason and note. The requester is left to the clinician."""
        kind = self._type
        resource, told = self._resource.copy(), self._told
        if self._dated:
            of_today = self._today(subject.today)
            resource.update(of_today)
            told = of_today.get(self._said, told)
        if kind == "Appointment":
            resource["participant"] = [{"actor": subject.patient, "status": "needs-action"}]
            resource["comment"] = told
        else:
            resource["for" if kind == "Task" else "subject"] = subject.patient
            resource["note"] = told
            if subject.encounter:
                resource["encounter"] = subject.encounter
            if kind in _AUTHORED:
                resource["authoredOn"] = subject.authored
        if subject.reasons:
            resource["reasonReference"] = subject.reasons[0] if kind == "Task" else subject.reasons
        return resource

    def _today(self, today: date) -> Mapping[str, Any]:
        """The members with dates, made once a day."""
        known = self._of_day
        if known is None or known[0] != today:
            made = {key: _dated(value, today) for key, value in self._dated.items()}
            if self._said in made:
                made[self._said] = self._with_note(made[self._said])
            known = self._of_day = today, made
        return known[1]

    def _with_note(self, said: Any) -> Any:
        if self._said == "comment":
            return " ".join(filter(None, [said, self._note]))
        return [*(said or ()), {"text": self._note}]


def build(resource_type: str, template: Mapping[str, Any], dated: frozenset[str], session: Session) -> dict[str, Any]:
    """A draft of this type from a template."""
    return DraftForm(resource_type, template, dated, session.note).draft(Subject(session))


# What belongs to the dose that is replaced; the rest of a dispense request (the chosen pharmacy) stays.
_AMOUNTS = frozenset({"quantity", "expectedSupplyDuration", "numberOfRepeatsAllowed", "initialFill", "dispenseInterval"})


def change(original: Mapping[str, Any], template: Mapping[str, Any], session: Session) -> dict[str, Any] | None:
    """The whole original order, same id, with the medicine, dose and supply of the template in place of its own; what the
    template does not name stays. None for an order that is nested too deeply to be sent back."""
    resource = {**original, **_dated(template, session.today)}
    if "medicationCodeableConcept" in template:  # another medicine: the one that is pointed to goes
        pointer = resource.pop("medicationReference", None)
        drug = pointer.get("reference") if isinstance(pointer, dict) else None
        contained = [c for c in items(original.get("contained")) if isinstance(c, dict) and f"#{c.get('id')}" != drug]
        if contained:
            resource["contained"] = contained
        else:
            resource.pop("contained", None)
    supply = original.get("dispenseRequest")
    if isinstance(supply, dict):
        kept = {key: value for key, value in supply.items() if key not in _AMOUNTS}
        resource["dispenseRequest"] = kept | dict(template.get("dispenseRequest", {}))
    notes = original.get("note")
    resource["note"] = [*(notes if isinstance(notes, list) else []), *template.get("note", []), {"text": session.note}]
    try:
        pruned: dict[str, Any] = _pruned(resource, _DEEPEST)
    except RecursionError:
        return None
    return pruned


# How a service order says for how long: what the clinician wrote is left alone.
_LENGTHS = frozenset({"occurrenceDateTime", "occurrenceTiming", "occurrencePeriod"})
_QUANTITIES = frozenset({"quantityQuantity", "quantityRatio", "quantityRange"})


def complete(original: Mapping[str, Any], template: Mapping[str, Any], session: Session) -> dict[str, Any] | None:
    """The whole original order, same id, with what it lacks: lists are continued, single members that are there stay. None
    for an order that is nested too deeply to be sent back."""
    resource = dict(original)
    for key, value in _dated(template, session.today).items():
        group = next((names for names in (_LENGTHS, _QUANTITIES) if key in names), frozenset({key}))
        if isinstance(value, list):
            resource[key] = [*items(original.get(key)), *value]
        elif not any(original.get(name) for name in group):
            resource[key] = value
    resource["note"] = [*items(resource.get("note")), {"text": session.note}]
    try:
        pruned: dict[str, Any] = _pruned(resource, _DEEPEST)
    except RecursionError:
        return None
    return pruned


_DEEPEST = 60  # levels; no FHIR order comes near it
_EMPTY: tuple[Any, ...] = (None, "", [], {})


def _pruned(value: Any, levels: int, *, padded: bool = False) -> Any:
    """Without null, blank and empty members, which FHIR forbids and some clients send all the same. ``padded`` lists keep
    their nulls: they stand beside a list of extensions (``_given`` beside ``given``) and hold the places."""
    if levels == 0:
        raise RecursionError
    if isinstance(value, dict):
        members = {
            key: _pruned(member, levels - 1, padded=key.startswith("_") or f"_{key}" in value) for key, member in value.items()
        }
        return {key: member for key, member in members.items() if member not in _EMPTY}
    if isinstance(value, list):
        found = [_pruned(item, levels - 1) for item in value]
        return found if padded else [item for item in found if item not in _EMPTY]
    return value


def members_with_dates(template: Mapping[str, Any]) -> frozenset[str]:
    """The members of a template that hold ``@today`` somewhere; the others are the same for everybody."""
    return frozenset(key for key, value in template.items() if "@today" in str(value))


def _dated(value: Any, today: date) -> Any:
    if isinstance(value, Mapping):
        return {k: _dated(v, today) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_dated(v, today) for v in value]
    if isinstance(value, str) and (match := _TODAY.match(value)):
        return (today + timedelta(days=int(match[1] or 0))).isoformat()
    return value


# The members that FHIR requires, for the rest of which a partial template is judged.
_EXAMPLES: Mapping[str, Mapping[str, Any]] = {
    "MedicationRequest": {"medicationCodeableConcept": {"text": "example"}},
    "ServiceRequest": {"code": {"text": "example"}},
}


def as_sent(
    resource_type: str, template: Mapping[str, Any], dated: frozenset[str], session: Session, *, changes_only: bool
) -> dict[str, Any]:
    """What a card sends for a template: the whole draft, or, where the template is only part of one, an example changed by
    it."""
    if not changes_only:
        return build(resource_type, template, dated, session)
    example = build(resource_type, _EXAMPLES[resource_type], frozenset(), session)
    return change(example | {"id": "example"}, template, session) or {}


def problems_with(resource: Mapping[str, Any]) -> Sequence[str]:
    """What a strict FHIR R4 model has against a resource; empty when it is valid. Not for the hot path."""
    model = getattr(importlib.import_module(f"{_MODELS}.{resource['resourceType'].lower()}"), resource["resourceType"])
    try:
        model.model_validate(dict(resource))
    except ValueError as error:
        details = getattr(error, "errors", None)
        if details is None:
            return [str(error)]
        return [f"{'.'.join(str(p) for p in d['loc'])}: {d['msg']}" for d in details()]
    return []
