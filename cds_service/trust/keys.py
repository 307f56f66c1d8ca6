"""The keys of a CDS Client by URL: cached, fetched again for a key id that is not known, kept when the URL cannot be read."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import orjson
import requests
from jwt import PyJWK, PyJWKClient
from jwt.exceptions import PyJWKClientConnectionError, PyJWTError
from urllib3.exceptions import HTTPError

from ..connections import Call, new_session

_SECONDS = 2.0  # for one fetch
_LIFESPAN = 300  # seconds for which a set of keys is not looked at again
_COOLDOWN = 30  # seconds between two fetches for key ids that are not known
_PAUSE = 10  # seconds without another attempt after a failure
_MAX_BYTES = 256 * 1024


class KeySet(PyJWKClient):
    """One URL. Only this one is ever fetched: where a token points (``jku``) is compared with it and never followed."""

    def __init__(self, url: str, session: Callable[[], requests.Session] = lambda: new_session(2)) -> None:
        super().__init__(url, cache_jwk_set=True, lifespan=_LIFESPAN, cooldown_duration=_COOLDOWN)
        self._session = session
        self._last_good: Any = None
        self._failed_at = float("-inf")

    def key(self, kid: str, key_type: str) -> PyJWK:
        """The key of this id and type (``EC``, ``RSA``). Raises KeyError when there is none, ConnectionError when no keys could
        be read."""
        try:
            self.get_signing_key(kid)
            known = self.get_signing_keys()
        except PyJWKClientConnectionError:
            raise ConnectionError("the keys could not be read") from None
        except PyJWTError:
            raise KeyError(kid) from None
        for key in known:
            if key.key_id == kid and key._jwk_data.get("kty") == key_type:
                return key
        raise KeyError(kid)

    def fetch_data(self) -> Any:
        """The keys as they are served now, or the last good ones."""
        if time.monotonic() - self._failed_at < _PAUSE:
            return self._kept()
        try:
            found = usable(self._fetched())
        except (requests.RequestException, HTTPError, ValueError):
            self._failed_at = time.monotonic()
            return self._kept()
        self._last_good = found
        return found

    def _kept(self) -> Any:
        if self._last_good is None:
            raise PyJWKClientConnectionError("no keys could be read")
        return self._last_good

    def _fetched(self) -> Any:
        """Within two seconds, whatever drips: the timeout of a socket starts anew with every byte."""
        how: dict[str, Any] = {"headers": {"Accept": "application/json"}, "timeout": _SECONDS}
        call = Call()
        alarm = threading.Timer(_SECONDS, call.cut)
        alarm.start()
        try:
            with call, self._session().get(self.uri, allow_redirects=False, stream=True, **how) as answer:
                if answer.status_code != 200:
                    raise ValueError("no success")
                body = answer.raw.read(_MAX_BYTES + 1, decode_content=True)
        finally:
            alarm.cancel()
        if len(body) > _MAX_BYTES:
            raise ValueError("too large")
        return orjson.loads(body)


def usable(document: Any) -> dict[str, Any]:
    """The public keys of a JWK Set that this service can use; odd ones among them are passed over. Raises ValueError when none
    is left."""
    listed = document.get("keys") if isinstance(document, dict) else None
    found = [key for key in listed if is_usable(key)] if isinstance(listed, list) else []
    if not found:
        raise ValueError("no usable keys")
    return {"keys": found}


def is_usable(key: Any) -> bool:
    """Is it a public key for signatures, with an id?"""
    if not isinstance(key, dict) or key.get("kty") not in ("EC", "RSA", "OKP") or key.get("use", "sig") != "sig" or "d" in key:
        return False
    if not isinstance(key.get("kid"), str) or not key["kid"] or not isinstance(key.get("alg", ""), str):
        return False
    try:
        PyJWK.from_dict(key)
    except (PyJWTError, ValueError, TypeError, KeyError, NotImplementedError):
        return False
    return True
