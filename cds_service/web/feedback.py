"""Feedback: what the clinician did with a card (CDS Hooks, Feedback)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from ..errors import NotAHookRequest
from ..memory.store import Said
from .protocol import Ignoring, Some, refusal

_MOST_ITEMS = 1000
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)\Z", re.I)


_PRINTABLE = validate.Predicate("isprintable", error="must be printable")


def _word(most: int, *, required: bool = False) -> fields.String:
    return fields.String(required=required, validate=[validate.Length(1, most), _PRINTABLE])


def _without_nul(text: str) -> None:
    """No database keeps it."""
    if "\0" in text:
        raise ValidationError("must be text")


class Moment(fields.Field[datetime]):
    """A date-time with a zone (RFC 3339)."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        try:
            if isinstance(value, str) and _MOMENT.match(value):
                return datetime.fromisoformat(value.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
        raise ValidationError("must be a date-time with a zone, as in 2026-03-02T12:00:00Z")


class _Suggestion(Ignoring):
    id = _word(64, required=True)


class _Coding(Ignoring):
    code = _word(200, required=True)
    system = _word(200)


class _Reason(Ignoring):
    reason = fields.Nested(_Coding)
    comment = fields.String(data_key="userComment", validate=[validate.Length(1, 10_000), _without_nul])

    @validates_schema
    def says_something(self, data: dict[str, Any], **_: Any) -> None:
        if not data:
            raise ValidationError("needs reason or userComment", "reason")


class _Item(Ignoring):
    card = fields.String(required=True, validate=validate.Regexp(r"[\x21-\x7e]{1,64}\Z", error="must be an identifier"))
    outcome = fields.String(required=True, validate=validate.OneOf(["accepted", "overridden"]))
    outcome_at = Moment(data_key="outcomeTimestamp", required=True)
    accepted = Some(fields.Nested(_Suggestion), 1, 100, data_key="acceptedSuggestions")
    override = fields.Nested(_Reason, data_key="overrideReason")

    @validates_schema
    def names_what_was_accepted(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("outcome") == "accepted" and not data.get("accepted"):
            raise ValidationError("is needed with accepted", "acceptedSuggestions")


class _Feedback(Ignoring):
    items = Some(fields.Nested(_Item), 1, _MOST_ITEMS, data_key="feedback", required=True)


_SCHEMA = _Feedback()


def said(body: Any) -> list[Said]:
    """The items of a feedback body. Raises NotAHookRequest naming every field at fault, never its content."""
    if not isinstance(body, dict):
        raise NotAHookRequest("the body must be a JSON object")
    try:
        items = _SCHEMA.load(body)["items"]
    except ValidationError as error:
        raise refusal(error) from None
    return [_said(item) for item in items]


def _said(item: dict[str, Any]) -> Said:
    if item["outcome"] == "accepted":
        ids = tuple(suggestion["id"] for suggestion in item["accepted"])
        return Said(item["card"], "accepted", item["outcome_at"], ids)
    override = item.get("override", {})
    coding = override.get("reason", {})
    return Said(
        item["card"],
        "overridden",
        item["outcome_at"],
        reason=coding.get("code"),
        reason_system=coding.get("system"),
        comment=override.get("comment"),
    )
