"""Is this token signed by a CDS Client, for this address, now, and for the first time?"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import jwt
from jwt import PyJWK
from jwt.exceptions import InvalidTokenError, PyJWKError

from .clients import CdsClient
from .keys import KeySet

_MAX_LENGTH = 8 * 1024
_MAX_LIFE = 3600  # seconds from now to `exp`: a token is for one call
_REQUIRED = ["iss", "aud", "exp", "iat", "jti"]

_KEY_TYPES = {"ES": "EC", "RS": "RSA", "PS": "RSA", "Ed": "OKP"}

# Remembers a token until it expires; False when it has been seen before (issuer, jti, expiry in epoch seconds).
FirstTime = Callable[[str, str, float], bool]


class Refused(Exception):
    """The token is not accepted. For the log only: ``reason`` and, as far as they could be read, issuer and jti. ``kind`` is the
    reason in one of a few fixed texts."""

    def __init__(self, reason: str, issuer: str = "", jti: str = "", kind: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.kind = kind or reason
        self.issuer = issuer
        self.jti = jti


class Verifier:
    """The clients of a deployment and their keys. One per application."""

    def __init__(self, clients: Iterable[CdsClient], first_time: FirstTime) -> None:
        self._by_issuer: dict[str, list[CdsClient]] = {}
        self._key_sets: dict[str, KeySet] = {}
        for client in clients:
            self._by_issuer.setdefault(client.issuer, []).append(client)
            if client.jwks_url and not client.keys:
                self._key_sets[client.name] = KeySet(client.jwks_url)
        self._first_time = first_time

    def client(self, header: str | None, path: str) -> CdsClient:
        """The client that signed the token of this Authorization header for this path. Raises Refused."""
        token = _bearer(header)
        head, claims = _unverified(token)
        issuer, jti = _short(claims.get("iss")), _short(claims.get("jti"))
        try:
            client = self._candidate(claims)
            self._verify(token, head, client, path)
        except InvalidTokenError as error:
            kind = type(error).__name__
            raise Refused(f"{kind}: {error}", issuer, jti, kind) from None
        except _No as no:
            raise Refused(str(no), issuer, jti) from None
        return client

    def _candidate(self, claims: Mapping[str, Any]) -> CdsClient:
        """The client of this issuer and tenant."""
        issuer = claims.get("iss")
        of_issuer = self._by_issuer.get(issuer, []) if isinstance(issuer, str) else []
        if not of_issuer:
            raise _No("unknown issuer")
        tenant = claims.get("tenant")
        for client in of_issuer:
            if not client.tenants or (isinstance(tenant, str) and tenant in client.tenants):
                return client
        raise _No("unknown tenant")

    def _verify(self, token: str, head: Mapping[str, Any], client: CdsClient, path: str) -> None:
        algorithm, kid = head.get("alg"), head.get("kid")
        if algorithm not in client.algorithms:
            raise _No("algorithm not allowed")
        if not isinstance(kid, str) or not kid:
            raise _No("no kid")
        if str(head.get("typ", "")).upper() != "JWT":
            raise _No("typ is not JWT")
        if "jku" in head and head["jku"] != client.jwks_url:
            raise _No("jku is not the configured address")
        claims = jwt.decode(
            token,
            _fitting(self._key(client, kid, str(algorithm)), str(algorithm)),
            algorithms=[str(algorithm)],
            audience=_audiences(client, path),
            issuer=client.issuer,
            leeway=client.leeway_seconds,
            options={"require": _REQUIRED},
        )
        self._check_use(claims, client)

    def _key(self, client: CdsClient, kid: str, algorithm: str) -> PyJWK:
        if client.keys:
            for key in client.keys:
                if key.key_id == kid:
                    return key
            raise _No("unknown kid")
        try:
            return self._key_sets[client.name].key(kid, _KEY_TYPES[algorithm[:2]])
        except KeyError:
            raise _No("unknown kid") from None
        except ConnectionError:
            raise _No("the keys of the client could not be read") from None

    def _check_use(self, claims: Mapping[str, Any], client: CdsClient) -> None:
        if not all(_is_moment(claims[name]) for name in ("exp", "iat", "nbf") if name in claims):
            raise _No("a time is no number")
        jti, expires = claims["jti"], float(claims["exp"])
        if not isinstance(jti, str) or not jti or len(jti) > 256:
            raise _No("jti is no identifier")
        if expires > time.time() + _MAX_LIFE + client.leeway_seconds:
            raise _No("it expires too far in the future")
        if client.replay_check and not self._first_time(client.issuer, jti, expires + client.leeway_seconds):
            raise _No("seen before")


def _is_moment(value: Any) -> bool:
    """Seconds since 1970 that a clock can show."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e11


class _No(Exception):
    """Why not, in our own words."""


def _fitting(key: PyJWK, algorithm: str) -> PyJWK:
    """The key, if it is one for this algorithm: an RSA key does not verify ES384, and a secret verifies nothing."""
    data = key._jwk_data
    if data.get("kty") != _KEY_TYPES[algorithm[:2]]:
        raise _No("the key does not fit the algorithm")
    try:
        return PyJWK.from_dict(data, algorithm=algorithm)
    except (PyJWKError, InvalidTokenError, ValueError, TypeError):
        raise _No("the key does not fit the algorithm") from None


def _audiences(client: CdsClient, path: str) -> list[str]:
    """The address that is called, below each base of the client; of a feedback call also that of its service."""
    paths = {path, path.rstrip("/")}
    if path.rstrip("/").endswith("/feedback"):
        paths.add(path.rstrip("/").removesuffix("/feedback"))
    return [base.rstrip("/") + p for base in client.audiences for p in paths] + sorted(client.extra_audiences)


def _bearer(header: str | None) -> str:
    scheme, _, token = (header or "").strip().partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Refused("no token")
    if len(token) > _MAX_LENGTH:
        raise Refused("too long")
    return token.strip()


def _unverified(token: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    try:
        found = jwt.decode_complete(token, options={"verify_signature": False})
    except (InvalidTokenError, ValueError, RecursionError):
        raise Refused("not a token") from None
    claims = found["payload"]
    return found["header"], claims if isinstance(claims, dict) else {}


def _short(value: Any) -> str:
    """For the log: printable and not long."""
    return value[:200] if isinstance(value, str) and value.isprintable() else ""
