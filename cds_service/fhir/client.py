"""Reading from the EHR's FHIR server: allowed servers only, in parallel, within one time budget for the whole request."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urljoin, urlsplit

import orjson
import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError

from ..addresses import is_loopback
from .prefetch import FAILED, REFUSED, TIMED_OUT, TRUNCATED, UNREACHABLE, UNREADABLE, next_link

_THREADS = 16
_MAX_PAGES = 20
_MAX_BYTES = 32 * 1024 * 1024
_CHUNK = 64 * 1024
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Fetched:
    """The pages of one query. ``reason`` says why it is incomplete or missing; ``unknown_type`` that the server does not
    know such a resource (400, 404, 501)."""

    pages: tuple[Any, ...] = ()
    reason: str | None = None
    unknown_type: bool = False


class FhirClient:
    """One per process. ``allowed`` lists FHIR base URLs; empty means loopback only. ``budget`` is in seconds."""

    def __init__(self, allowed: Iterable[str], budget: float) -> None:
        self._allowed = frozenset(_normal(base) for base in allowed)
        self._budget = budget
        self._pid = 0
        self._session: requests.Session
        self._pool: ThreadPoolExecutor

    def allows(self, base: str) -> bool:
        """May this FHIR base be called?"""
        try:
            parts = urlsplit(base)
        except ValueError:
            return False
        if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or parts.username or parts.query or parts.fragment:
            return False
        if self._allowed:
            return _normal(base) in self._allowed
        return is_loopback(parts.hostname)

    def fetch(self, base: str, token: str | None, queries: Mapping[str, str]) -> dict[str, Fetched]:
        """Runs the queries (relative to ``base``, or absolute ``next`` links of its origin) side by side.

        What has not arrived when the budget ends is reported as timed out; nothing is raised.
        """
        self._open()
        until = time.monotonic() + self._budget
        running: dict[Future[Fetched], str] = {
            self._pool.submit(self._read, base, token, query, until): key for key, query in queries.items()
        }
        done, late = wait(running, timeout=self._budget)
        found = {running[future]: future.result() for future in done}
        for future in late:
            future.cancel()
            found[running[future]] = Fetched(reason=TIMED_OUT)
        return found

    def _open(self) -> None:
        """Sessions and threads belong to one process: they are made after a server has forked."""
        if self._pid != os.getpid():
            self._session = requests.Session()
            adapter = HTTPAdapter(pool_connections=_THREADS, pool_maxsize=_THREADS)
            self._session.mount("http://", adapter)
            self._session.mount("https://", adapter)
            self._session.headers["Accept"] = "application/fhir+json"
            # What one call is given must not travel with the next: no cookies, and no login from a netrc file.
            self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
            self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="fhir")
            self._pid = os.getpid()

    def _read(self, base: str, token: str | None, query: str, until: float) -> Fetched:
        """One query with all its pages."""
        pages: list[Any] = []
        url, link = base.rstrip("/") + "/", query
        try:
            while len(pages) < _MAX_PAGES and link:
                url = urljoin(url, link)
                if _origin(url) != _origin(base):
                    break
                page = self._get(url, token, until)
                if page.reason or page.unknown_type:
                    return Fetched(tuple(pages), TRUNCATED) if pages else page
                pages.extend(page.pages)
                following = next_link(pages[-1])
                if following is None:
                    return Fetched(tuple(pages))
                link = following
        except ValueError:  # a link that is no address
            pass
        return Fetched(tuple(pages), TRUNCATED)

    def _get(self, url: str, token: str | None, until: float) -> Fetched:
        left = until - time.monotonic()
        if left <= 0:
            return Fetched(reason=TIMED_OUT)
        try:
            with self._session.get(url, auth=_Bearer(token), timeout=left, allow_redirects=False, stream=True) as answer:
                if answer.status_code in (401, 403):
                    return Fetched(reason=REFUSED)
                if answer.status_code in (400, 404, 501):
                    return Fetched(reason=FAILED, unknown_type=True)
                if answer.status_code != 200:
                    return Fetched(reason=FAILED)
                return _parsed(_body(answer, until))
        except (requests.Timeout, TimeoutError):
            return Fetched(reason=TIMED_OUT)
        except requests.RequestException:
            return Fetched(reason=UNREACHABLE)
        except HTTPError:  # the connection broke while the body was read
            return Fetched(reason=TIMED_OUT if time.monotonic() >= until else FAILED)


class _Bearer(AuthBase):
    """The access token of this call, or nothing."""

    def __init__(self, token: str | None) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def _body(answer: requests.Response, until: float) -> bytes:
    """The whole body, as long as it arrives in time: the timeout of a socket starts anew with every byte, this does not."""
    body = bytearray()
    while chunk := answer.raw.read1(_CHUNK, decode_content=True):
        body += chunk
        if len(body) > _MAX_BYTES:
            raise HTTPError("too large")
        if time.monotonic() >= until:
            raise TimeoutError
    return bytes(body)


def _parsed(body: bytes) -> Fetched:
    """A resource; ``null`` or anything else is no answer to a search (in prefetch it would mean "none")."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return Fetched(reason=UNREADABLE)
    return Fetched((found,)) if isinstance(found, dict) else Fetched(reason=UNREADABLE)


def _normal(base: str) -> tuple[str, str, int | None, str]:
    parts = urlsplit(base)
    return (*_origin(base), parts.path.rstrip("/"))


def _origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port, with default ports filled in: MEDITECH's next links carry ``:443``."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = -1
    return parts.scheme, parts.hostname or "", port or _DEFAULT_PORTS.get(parts.scheme)
