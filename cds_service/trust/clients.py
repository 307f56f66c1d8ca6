"""The CDS Clients file: who may call, with which keys, and what each of them may name and see (README, "CDS Clients")."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jwt import PyJWK, PyJWKSet
from marshmallow import RAISE, Schema, ValidationError, fields, validate, validates_schema

from ..addresses import is_forbidden, is_loopback, origin
from ..content.files import UnreadableFile, read_yaml
from .keys import is_usable

# Asymmetric only: with a shared secret everybody who can verify can also sign.
ALGORITHMS = ("ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "EdDSA")
LIVE, SHADOW = "live", "shadow"
OPEN, PROTECTED = "open", "protected"


class BadClients(Exception):
    """A clients file that is not understood; one line for each problem."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class CdsClient:
    """One EHR. ``fhir_servers`` are the only FHIR bases it may name; in ``shadow`` mode everything runs and is recorded, and no
    card is returned."""

    name: str
    issuer: str
    jwks_url: str | None = None
    keys: tuple[PyJWK, ...] = field(default=(), repr=False)
    audiences: tuple[str, ...] = ()
    extra_audiences: frozenset[str] = frozenset()
    leeway_seconds: int = 60
    discovery: str = OPEN
    cors_origins: tuple[str, ...] = ()
    algorithms: tuple[str, ...] = ("ES384", "RS384")
    tenants: frozenset[str] = frozenset()
    fhir_servers: tuple[str, ...] = ()
    mode: str = LIVE
    disabled_cards: frozenset[str] = frozenset()
    replay_check: bool = True

    @property
    def shadow(self) -> bool:
        return self.mode == SHADOW


def load_clients(path: Path) -> tuple[CdsClient, ...]:
    """The clients of a file. Raises BadClients."""
    try:
        raw = read_yaml(path, slowly=True)
    except UnreadableFile as error:
        raise BadClients([f"{path}: {error}"]) from None
    try:
        listed: list[Mapping[str, Any]] = _File().load(raw)["clients"]
    except ValidationError as error:
        raise BadClients([f"{path}: {line}" for line in _lines(error.messages)]) from None
    clients = tuple(_client(entry) for entry in listed)
    problems = [f"{path}: the name {name!r} is used twice" for name in _twice([c.name for c in clients])]
    problems += [f"{path}: {line}" for line in _ambiguous(clients)]
    if problems:
        raise BadClients(problems)
    return clients


def _client(entry: Mapping[str, Any]) -> CdsClient:
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in entry.items() if name != "jwks"
    }
    for name in ("extra_audiences", "tenants", "disabled_cards"):
        values[name] = frozenset(values.get(name, ()))
    inline = entry.get("jwks")
    return CdsClient(**values, keys=tuple(PyJWKSet.from_dict(inline).keys) if inline else ())


def _twice(names: list[str]) -> list[str]:
    return sorted({name for name in names if names.count(name) > 1})


def _ambiguous(clients: tuple[CdsClient, ...]) -> list[str]:
    """Two clients of one issuer are told apart by their tenants."""
    problems = []
    for issuer in _twice([c.issuer for c in clients]):
        same = [c for c in clients if c.issuer == issuer]
        tenants = [tenant for c in same for tenant in c.tenants]
        if any(not c.tenants for c in same) or _twice(tenants):
            problems.append(f"the issuer {issuer} is used twice: its clients need tenants, each in one of them only")
    return problems


def _lines(messages: Any, place: str = "") -> list[str]:
    if isinstance(messages, dict):
        return [line for key, value in messages.items() for line in _lines(value, f"{place}.{key}" if place else str(key))]
    return [f"{place}: {' '.join(str(text) for text in messages)}"]


# -- the form of the file ---------------------------------------------------------------------------------------------------


def _text() -> fields.String:
    return fields.String(required=True, validate=validate.Length(min=1))


def _is_base(value: str) -> None:
    """An absolute address without query; https, or http on this machine."""
    try:
        scheme, host, _ = origin(value)
    except ValueError:
        raise ValidationError("an http or https address is needed") from None
    if urlsplit(value).query or urlsplit(value).fragment:
        raise ValidationError("an address without query is needed")
    if is_forbidden(host.strip("[]")):
        raise ValidationError("no server can have this address")
    if scheme != "https" and not is_loopback(host.strip("[]")):
        raise ValidationError("https is needed; http is for this machine only")


def _is_origin(value: str) -> None:
    """Scheme, host and perhaps port, with ``*`` for a part; or ``*`` alone."""
    if value != "*" and not re.match(r"https?://[\w.*-]+(?::(?:\d+|\*))?\Z", value):
        raise ValidationError("an origin as https://ehr.example is needed")


class _Client(Schema):
    class Meta:
        unknown = RAISE

    name = fields.String(required=True, validate=validate.Regexp(r"[a-z0-9][a-z0-9-]{0,62}\Z"))
    issuer = _text()
    jwks_url = fields.String(validate=_is_base)
    jwks = fields.Dict()
    audiences = fields.List(fields.String(validate=_is_base), required=True, validate=validate.Length(min=1))
    extra_audiences = fields.List(_text())
    leeway_seconds = fields.Integer(strict=True, validate=validate.Range(0, 300))
    discovery = fields.String(validate=validate.OneOf([OPEN, PROTECTED]))
    cors_origins = fields.List(fields.String(validate=_is_origin))
    algorithms = fields.List(fields.String(validate=validate.OneOf(ALGORITHMS)), validate=validate.Length(min=1))
    tenants = fields.List(_text())
    fhir_servers = fields.List(fields.String(validate=_is_base))
    mode = fields.String(validate=validate.OneOf([LIVE, SHADOW]))
    disabled_cards = fields.List(_text())
    replay_check = fields.Boolean(truthy={True}, falsy={False})

    @validates_schema
    def keys_are_there(self, data: Mapping[str, Any], **_: Any) -> None:
        if "jwks" not in data and "jwks_url" not in data:
            raise ValidationError("jwks_url or jwks is needed", "jwks_url")
        if "jwks" in data:
            _check_keys(data["jwks"])


def _check_keys(jwks: Mapping[str, Any]) -> None:
    listed = jwks.get("keys")
    if not isinstance(listed, list) or not listed:
        raise ValidationError("a list `keys` with at least one key is needed", "jwks")
    for position, key in enumerate(listed):
        if not is_usable(key):
            told = "a public key for signatures with a kid is needed: no shared secret, no private key"
            raise ValidationError(f"keys.{position}: {told}", "jwks")
    if _twice([key["kid"] for key in listed]):
        raise ValidationError("two keys have the same kid", "jwks")


class _File(Schema):
    class Meta:
        unknown = RAISE

    clients = fields.List(fields.Nested(_Client), required=True, validate=validate.Length(min=1))
