"""The keys of a CDS Client by URL: cached, fetched again for a key id that is not known, kept when the URL cannot be read."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import orjson
import requests
from jwt import PyJWK, PyJWKClient
from jwt.exceptions import PyJWKClientConnectionError, PyJWKClientError, PyJWTError
from urllib3.exceptions import HTTPError

from ..connections import new_session

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

    def key(self, kid: str) -> PyJWK:
        """The key of this id. Raises KeyError when there is none, ConnectionError when no keys could be read."""
        try:
            return self.get_signing_key(kid)
        except PyJWKClientConnectionError:
            raise ConnectionError("the keys could not be read") from None
        except PyJWTError:
            raise KeyError(kid) from None

    def fetch_data(self) -> Any:
        """The keys as they are served now, or the last good ones."""
        if time.monotonic() - self._failed_at < _PAUSE:
            return self._kept()
        try:
            found = self._fetched()
            self._as_jwk_set_payload(found)
        except (requests.RequestException, HTTPError, ValueError, PyJWKClientError):
            self._failed_at = time.monotonic()
            return self._kept()
        self._last_good = found
        return found

    def _kept(self) -> Any:
        if self._last_good is None:
            raise PyJWKClientConnectionError("no keys could be read")
        return self._last_good

    def _fetched(self) -> Any:
        how: dict[str, Any] = {"headers": {"Accept": "application/json"}, "timeout": _SECONDS}
        with self._session().get(self.uri, allow_redirects=False, stream=True, **how) as answer:
            if answer.status_code != 200:
                raise ValueError("no success")
            body = answer.raw.read(_MAX_BYTES + 1, decode_content=True)
        if len(body) > _MAX_BYTES:
            raise ValueError("too large")
        return orjson.loads(body)
