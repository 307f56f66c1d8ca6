"""The body of a hook request, decoded as far as it is read.

Most of a resource is never looked at. Of the types that a chart has most of, only the elements in ``ELEMENTS`` are taken; the
rest is passed over without making anything of it. Elements that are the same in one resource after the other, or seldom looked
at, stay text until somebody wants them (``elements.plain``).

Only a body of the usual form is decoded so. Anything else (another type of resource in a Bundle, an entry without a resource,
what is not JSON) is left to the general way, which makes everything of everything and sees what is wrong with it.
"""

from __future__ import annotations

from typing import Any, Literal, Required, TypedDict

import msgspec
import orjson
from msgspec import UNSET, Raw

from .prefetch import SOURCES, Page
from .versions import SIGNS

_OUTCOME, _MEDICATION = "OperationOutcome", "Medication"
_ALL_HAVE = ("id", "subject", "patient", "contained", "issue")  # issue: of what a server says of its answer
# What the readers look at; a test holds this against what they do.
ELEMENTS: dict[str, tuple[str, ...]] = {
    "Condition": (
        *("clinicalStatus", "verificationStatus", "code", "bodySite", "stage", "onsetDateTime", "onsetPeriod", "recordedDate"),
        *("abatementDateTime", "abatementPeriod", "abatementAge", "abatementRange", "abatementString", "abatementBoolean"),
    ),
    "Observation": (
        *("status", "code", "effectiveDateTime", "effectivePeriod", "effectiveInstant", "issued", "valueQuantity"),
        *("valueCodeableConcept", "valueInteger", "valueString", "valueBoolean", "valueDateTime", "interpretation"),
        *("dataAbsentReason", "component", "bodySite"),
    ),
    "MedicationRequest": (
        *("status", "intent", "doNotPerform", "reportedBoolean", "category", "medicationCodeableConcept", "medicationReference"),
        *("authoredOn", "dosageInstruction", "dosage", "dispenseRequest", "reasonCode", "reasonReference", "statusReason"),
        *("code", "ingredient"),  # of a Medication that is included
    ),
    "Encounter": ("status", "type", "serviceType", "reasonCode", "reasonReference", "hospitalization", "period"),
    "Procedure": (
        *("status", "code", "bodySite", "reasonCode", "reasonReference", "performedDateTime", "performedPeriod"),
        *("usedCode", "outcome"),
    ),
    "DiagnosticReport": ("status", "code", "conclusionCode", "effectiveDateTime", "effectivePeriod", "issued"),
}
_TEXT = {
    "Condition": {"subject", "code", "clinicalStatus", "verificationStatus"},
    "Observation": {"subject", "code", "valueQuantity", "valueCodeableConcept", "component", "bodySite", "interpretation"},
    "MedicationRequest": {"subject", "medicationCodeableConcept", "dosageInstruction", "dispenseRequest", "category"},
    "Encounter": {"subject", "type", "serviceType", "reasonCode"},
    "Procedure": {"subject", "code", "reasonCode"},
    "DiagnosticReport": {"subject", "code", "conclusionCode"},
}


def _resource(kind: str) -> Any:
    names = (*_ALL_HAVE, *ELEMENTS[kind], *SIGNS.get(kind, ()))
    types = (kind, _OUTCOME, _MEDICATION) if kind == "MedicationRequest" else (kind, _OUTCOME)
    elements: dict[str, Any] = {name: Raw if name in _TEXT[kind] else Any for name in names}
    return TypedDict(kind, {"resourceType": Required[Literal[types]], **elements}, total=False)  # type: ignore[operator]


def _struct(name: str, needed: dict[str, Any], **may_have: Any) -> Any:
    return msgspec.defstruct(name, [*needed.items(), *((field, kind, UNSET) for field, kind in may_have.items())], gc=False)


def _bundle_of(kind: str) -> Any:
    """A Bundle of this type of resource, of which every entry holds one."""
    entry = _struct("Entry", {"resource": _resource(kind)}, fullUrl=Any, search=Any)
    return _struct("Bundle", {"resourceType": Literal["Bundle"]}, entry=list[entry], total=Any, link=Any) | None  # type: ignore[valid-type]


_PREFETCH = {s.resource_type: _bundle_of(s.resource_type) if s.resource_type in ELEMENTS else Any for s in SOURCES}
_ENVELOPE = dict.fromkeys(("hook", "hookInstance", "fhirServer", "fhirAuthorization", "context"), Any)
_decode = msgspec.json.Decoder(_struct("Request", {"prefetch": _struct("Prefetch", {}, **_PREFETCH)}, **_ENVELOPE)).decode


def hook_body(text: bytes) -> Any:
    """The body of a hook request, with a ``Page`` for a Bundle in its prefetch where its form is the usual one. Raises
    orjson.JSONDecodeError."""
    try:
        if not text.isascii():
            text.decode()  # in what is passed over nobody else would see that it is not UTF-8
        request = _decode(text)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return orjson.loads(text)
    body, prefetch = _told(request), _told(request.prefetch)
    for kind in ELEMENTS:
        if prefetch.get(kind) is not None:
            prefetch[kind] = _page(kind, prefetch[kind])
    body["prefetch"] = prefetch
    return body


def _page(kind: str, bundle: Any) -> Page:
    about = _told(bundle)
    entries = about.get("entry", ())
    sent = [entry.resource for entry in entries if entry.resource["resourceType"] == kind]
    if len(sent) == len(entries):
        return Page(about, sent)
    return Page(about, sent, [_told(entry) for entry in entries if entry.resource["resourceType"] != kind])


def _told(struct: Any) -> dict[str, Any]:
    """The members that are there."""
    return {name: value for name, value in msgspec.structs.asdict(struct).items() if value is not UNSET}
