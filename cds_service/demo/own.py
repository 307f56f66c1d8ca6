"""Somebody's own hook request, FHIR Bundle or resource, pasted or dropped in. It is kept in the memory of this process only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from ..fhir.elements import items
from ..fhir.prefetch import patient_of
from ..pathway.recommendation import Hook
from .personas import Resource

_BOM = b"\xef\xbb\xbf"  # some editors write it before JSON


class NotUsable(ValueError):
    """What was pasted cannot be tried; the text says why in plain words."""


@dataclass(frozen=True)
class Own:
    """What was understood: the patient's id, the chart, and for a hook request its hook, its drafts and the
    request as it came (``sent`` parsed, ``body`` to the letter)."""

    patient: str
    chart: tuple[Resource, ...]
    hook: Hook = Hook.PATIENT_VIEW
    drafts: tuple[Resource, ...] = ()
    selections: tuple[str, ...] = ()
    sent: Mapping[str, Any] | None = None
    body: bytes | None = None


def read_own(raw: bytes) -> Own:
    """Reads what was pasted. Raises NotUsable."""
    raw = raw.removeprefix(_BOM)
    if not raw.strip():
        raise NotUsable("Nothing was pasted or chosen.")
    try:
        found = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise NotUsable(f"This is not JSON: {error.msg.rstrip('.')} (line {error.lineno}, column {error.colno}).") from None
    try:
        orjson.dumps(_renamed(found, {}))  # as deep as everything that follows goes
    except (RecursionError, TypeError):
        raise NotUsable("This is nested too deeply.") from None
    if isinstance(found, dict) and "hook" in found:
        return _hook_request(found, raw)
    resources = [_with_id(resource, number) for number, resource in enumerate(_resources(found), 1)]
    if not resources:
        raise NotUsable(
            "This is neither a hook request nor FHIR. A hook request has `hook`, `hookInstance` and `context`; "
            "a FHIR Bundle has `resourceType` and `entry`."
        )
    return Own(_only_patient(resources), tuple(resources))


def _hook_request(body: Mapping[str, Any], raw: bytes) -> Own:
    """A hook request is sent as it came, faults included: the service is the one to say what is wrong with it."""
    names = [hook.value for hook in Hook]
    if body["hook"] not in names:
        raise NotUsable(f"`hook` is not one that this service answers: {', '.join(names)}.")
    context, prefetch = body.get("context"), body.get("prefetch")
    context = context if isinstance(context, dict) else {}
    chart = [r for value in (prefetch.values() if isinstance(prefetch, dict) else ()) for r in _resources(value)]
    selections = [s for s in items(context.get("selections")) if isinstance(s, str)]
    patient = context.get("patientId")
    return Own(
        patient if isinstance(patient, str) else "",
        tuple(chart),
        Hook(body["hook"]),
        tuple(_resources(context.get("draftOrders"))),
        tuple(selections),
        body,
        raw,
    )


def _resources(found: Any) -> Iterator[Resource]:
    """The resources of a Bundle (with its own addresses as references), of a list, or the one resource."""
    if isinstance(found, list):
        for one in found:
            yield from _resources(one)
    elif isinstance(found, dict) and found.get("resourceType") == "Bundle":
        entries = [e for e in items(found.get("entry")) if isinstance(e, dict) and isinstance(e.get("resource"), dict)]
        names = {e["fullUrl"]: _name(e["resource"]) for e in entries if isinstance(e.get("fullUrl"), str)}
        for entry in entries:
            yield from _resources(_renamed(entry["resource"], names))
    elif isinstance(found, dict) and isinstance(found.get("resourceType"), str):
        yield found


def _with_id(resource: Resource, number: int) -> Resource:
    """An entry can be left out by its id; a Patient without one is told."""
    return resource if "id" in resource or resource["resourceType"] == "Patient" else {**resource, "id": f"own-{number}"}


def _name(resource: Mapping[str, Any]) -> str:
    return f"{resource.get('resourceType')}/{resource.get('id')}"


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    """References by fullUrl (urn:uuid:...) as Type/id, as a server would give them."""
    if isinstance(value, dict):
        return {key: _renamed(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [_renamed(item, names) for item in value]
    return names.get(value, value) if isinstance(value, str) else value


def _only_patient(resources: list[Resource]) -> str:
    patients = [r.get("id") for r in resources if r["resourceType"] == "Patient"]
    if not all(isinstance(identity, str) and identity for identity in patients):
        raise NotUsable("The Patient has no id.")
    listed = set(patients)
    named = listed or {whose for r in resources if (whose := patient_of(r))}
    if len(named) != 1:
        raise NotUsable(
            f"The chart of one patient is needed; this holds {len(named)}."
            if named
            else "No resource in it says whose it is: a Patient, or `subject` references, are needed."
        )
    return str(named.pop())
