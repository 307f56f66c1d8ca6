"""The form of a CDS Hooks request: marshmallow for the envelope, the content is read leniently later."""

from __future__ import annotations

import re
import uuid
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate, validates_schema

from ..errors import NotAHookRequest
from ..fhir.hook import HookRequest
from ..pathway.recommendation import Hook

_MOST_SELECTIONS = 1000
_MOST_FAULTS = 20  # that are told at once

# FHIR's id pattern without its length limit: real EHR ids are longer than 64 characters.
_ID = validate.Regexp(r"[A-Za-z0-9.\-_]+\Z", error="must be a bare id, without a resource type")
_REFERENCE = r"/[A-Za-z0-9.\-_]+\Z"
_ANY_USER = validate.Regexp(
    rf"(?:Practitioner|PractitionerRole|Patient|RelatedPerson){_REFERENCE}", error="must be Practitioner/id or another user"
)
_PRINTABLE = validate.Regexp(r"[\x21-\x7e]+\Z", error="must be printable ASCII, as in a header")
_CLINICIAN = validate.Regexp(rf"(?:Practitioner|PractitionerRole){_REFERENCE}", error="must be Practitioner/id")


class Ignoring(Schema):
    """Unknown members are ignored, `extension` among them (REQ-12, EXT-04)."""

    class Meta:
        unknown = EXCLUDE


class Identifier(fields.String):
    """A version 4 style UUID with dashes; marshmallow's own field also takes other spellings."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            parsed = uuid.UUID(text or "")
        except ValueError:
            raise ValidationError("must be a UUID") from None
        if str(parsed) != (text or "").lower():
            raise ValidationError("must be a UUID")
        return str(parsed)


class Some(fields.List[Any]):
    """A list whose length is looked at before its members: a million of them would be a million faults."""

    def __init__(self, member: fields.Field[Any], least: int, most: int, **kwargs: Any) -> None:
        super().__init__(member, **kwargs)
        self._length = validate.Length(least, most)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[Any]:
        if isinstance(value, list):
            self._length(value)
        return super()._deserialize(value, attr, data, **kwargs)


class Bundle(fields.Field[dict[str, Any]]):
    """A FHIR Bundle; only its form as an object of that type is looked at."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> dict[str, Any]:
        if not isinstance(value, dict) or value.get("resourceType") != "Bundle":
            raise ValidationError("must be a FHIR Bundle")
        return value


class Address(fields.String):
    """An absolute http or https URL. Host names with underscores count: containers are called so."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs) or ""
        try:
            parts = urlsplit(text)
            good = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
        except ValueError:
            good = False
        if not good or not text.isprintable() or " " in text:
            raise ValidationError("must be an http or https URL")
        return text


class Object(fields.Field[dict[str, Any]]):
    """A JSON object, whatever is in it."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise ValidationError("must be an object")
        return value


class PatientViewContext(Ignoring):
    user = fields.String(data_key="userId", required=True, validate=_ANY_USER)
    patient = fields.String(data_key="patientId", required=True, validate=_ID)
    encounter = fields.String(data_key="encounterId", validate=_ID)


class OrderSignContext(PatientViewContext):
    user = fields.String(data_key="userId", required=True, validate=_CLINICIAN)
    draft_orders = Bundle(data_key="draftOrders", required=True)


class OrderSelectContext(OrderSignContext):
    selections = Some(fields.String(), 0, _MOST_SELECTIONS, required=True)


class Authorization(Ignoring):
    """``fhirAuthorization``. ``patient`` and the forms of ``scope`` differ between versions and are not checked."""

    token = fields.String(data_key="access_token", required=True, validate=_PRINTABLE)
    token_type = fields.String(required=True, validate=validate.Regexp(r"(?i)bearer\Z", error="must be Bearer"))
    expires_in = fields.Integer(required=True)
    scope = fields.String(required=True)
    subject = fields.String(required=True)


class Envelope(Ignoring):
    hook = fields.String(required=True)
    instance = Identifier(data_key="hookInstance", required=True)
    server = Address(data_key="fhirServer")
    authorization = fields.Nested(Authorization, data_key="fhirAuthorization")
    context = Object(required=True)
    prefetch = Object()

    @validates_schema
    def token_needs_server(self, data: dict[str, Any], **_: Any) -> None:
        if "authorization" in data and "server" not in data:
            raise ValidationError("is needed with fhirAuthorization", "fhirServer")


_ENVELOPE = Envelope()
_CONTEXTS: dict[Hook, Schema] = {
    Hook.PATIENT_VIEW: PatientViewContext(),
    Hook.ORDER_SELECT: OrderSelectContext(),
    Hook.ORDER_SIGN: OrderSignContext(),
}


def parse(body: Any, served: Hook) -> HookRequest | None:
    """The request for the service of this hook, or None when there is nothing to evaluate.

    Raises NotAHookRequest naming every field at fault. One body is let through although its hook is another: the public
    sandbox sends ``order-select`` without draft orders when its view is opened again; the patient-view service evaluates
    it as patient-view, the order-select service has nothing to say.
    """
    if not isinstance(body, dict):
        raise NotAHookRequest("the body must be a JSON object")
    envelope = _load(_ENVELOPE, body, "")
    context = envelope["context"]
    reopened = envelope["hook"] == Hook.ORDER_SELECT and "draftOrders" not in context
    if reopened and served is Hook.ORDER_SELECT:
        _load(_CONTEXTS[Hook.PATIENT_VIEW], context, "context.")
        return None
    if envelope["hook"] != served and not (reopened and served is Hook.PATIENT_VIEW):
        raise NotAHookRequest(f"hook: this service answers {served}", "hook")
    known = _load(_CONTEXTS[served], context, "context.")
    authorization = envelope.get("authorization")
    selections = known.get("selections")
    return HookRequest(
        hook=served.value,
        instance=envelope["instance"],
        patient=known["patient"],
        user=known["user"],
        encounter=known.get("encounter"),
        prefetch=envelope.get("prefetch", {}),
        server=envelope.get("server"),
        token=authorization["token"] if authorization else None,
        scope=authorization["scope"] if authorization else None,
        draft_orders=known.get("draft_orders"),
        selections=tuple(selections) if selections is not None else None,
    )


def _load(schema: Schema, data: Any, prefix: str) -> dict[str, Any]:
    try:
        loaded: dict[str, Any] = schema.load(data)
    except ValidationError as error:
        raise refusal(error, prefix) from None
    return loaded


def refusal(error: ValidationError, prefix: str = "") -> NotAHookRequest:
    """What to tell the caller: the first fields at fault, never their content."""
    found = {f"{prefix}{place}": text for place, text in islice(places(error.messages).items(), _MOST_FAULTS)}
    return NotAHookRequest("; ".join(f"{place}: {text}" for place, text in found.items()), *found)


def places(found: Any, place: str = "") -> dict[str, str]:
    """Where the faults are and what they are. Keys that came from outside (prefetch) are not repeated."""
    if isinstance(found, dict):
        faults: dict[str, str] = {}
        for key, value in found.items():
            name = str(key) if re.fullmatch(r"\w{1,40}", str(key)) else "member"
            faults |= places(value, f"{place}.{name}" if place else name)
        return faults
    return {place: " ".join(str(text).rstrip(".") for text in found) if isinstance(found, list) else str(found)}
