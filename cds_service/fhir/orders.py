"""Drafts that a card offers: a template of the content folder becomes a complete FHIR R4 resource."""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

RESOURCE_TYPES = ("MedicationRequest", "ServiceRequest", "Task", "CommunicationRequest", "Appointment")
_TODAY = re.compile(r"@today(?:\+(\d+)d)?\Z")
_MODELS = "fhir.resources.R4B"


@dataclass(frozen=True, slots=True)
class Session:
    """Whom a draft is for, and where it comes from."""

    patient: str
    encounter: str | None
    today: date
    note: str
    reasons: tuple[str, ...] = ()


def build(resource_type: str, template: Mapping[str, Any], dated: frozenset[str], session: Session) -> dict[str, Any]:
    """A draft of this type: the template with status, patient, reason and note. The requester is left to the clinician."""
    patient = {"reference": f"Patient/{session.patient}"}
    reasons = [{"reference": ref} for ref in session.reasons]
    resource: dict[str, Any] = {"resourceType": resource_type}
    body = {key: _dated(value, session.today) if key in dated else value for key, value in template.items()}
    if resource_type == "Appointment":
        resource |= {"status": "proposed", **body, "participant": [{"actor": patient, "status": "needs-action"}]}
        resource["comment"] = " ".join(filter(None, [body.get("comment"), session.note]))
    else:
        resource["status"] = "draft"
        if resource_type != "CommunicationRequest":
            resource["intent"] = "order"
        resource |= body
        resource["for" if resource_type == "Task" else "subject"] = patient
        resource["note"] = [*body.get("note", []), {"text": session.note}]
        if session.encounter:
            resource["encounter"] = {"reference": f"Encounter/{session.encounter}"}
        if resource_type in ("MedicationRequest", "ServiceRequest", "CommunicationRequest"):
            resource["authoredOn"] = session.today.isoformat()
    if reasons and resource_type == "Task":
        resource["reasonReference"] = reasons[0]
    elif reasons:
        resource["reasonReference"] = reasons
    return resource


def change(original: Mapping[str, Any], template: Mapping[str, Any], session: Session) -> dict[str, Any]:
    """The whole original order, same id, with what the template says in place of its own medicine, dose and supply."""
    resource = {k: v for k, v in original.items() if k not in ("medicationReference", "contained", "dispenseRequest")}
    resource |= template
    notes = original.get("note")
    resource["note"] = [*(notes if isinstance(notes, list) else []), {"text": session.note}]
    return resource


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
