"""Reading from the EHR's FHIR server: allowed servers only, in parallel, within one time budget for the whole request."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import urljoin, urlsplit

import orjson
import requests
from circuitbreaker import CircuitBreaker
from requests.utils import get_environ_proxies
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt
from urllib3.exceptions import HTTPError, InvalidHeader
from urllib3.util import Retry

from ..addresses import is_forbidden, is_loopback
from .connections import Bearer, Call, new_session
from .elements import items
from .prefetch import (
    FAILED,
    NOT_ALLOWED,
    NOT_R4,
    REFUSED,
    TIMED_OUT,
    TRUNCATED,
    UNREACHABLE,
    UNREADABLE,
    UNTRUSTED,
    next_link,
)

# One hook reads up to eighteen kinds at once; several hooks share the threads of a process.
_THREADS = 64
_MAX_PAGES = 50
_MAX_RESOURCES = 10_000
_MAX_BYTES = 32 * 1024 * 1024
_CHUNK = 64 * 1024
_DEFAULT_PORTS = {"http": 80, "https": 443}
_UNKNOWN_HERE = frozenset({400, 404, 501})
_VERSION = re.compile(r"fhirversion=\"?(\d)\.\d", re.I)
_FOR_A_MOMENT = frozenset({429, 500, 502, 503, 504})
_PAUSE = 0.02  # seconds before the second attempt, where the server names none

# So many hook calls in a row without any answer of a server, and it is left alone for so many seconds.
_SILENT_CALLS, _REST = 5, 10

Query = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Fetched:
    """The pages of one query. ``reason`` says why it is incomplete or missing; ``unknown_type`` that the server does not
    know such a resource (400, 404, 501)."""

    pages: tuple[Any, ...] = ()
    reason: str | None = None
    unknown_type: bool = False


class Attempt(NamedTuple):
    """One HTTP request to a FHIR server, for whoever counts: how it ended, and after how many seconds."""

    result: str
    seconds: float


class _Failed(Exception):
    """One request did not give a resource. ``again``: a second attempt may, after ``pause`` seconds."""

    def __init__(self, reason: str, *, again: bool = False, pause: float = _PAUSE, unknown_type: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.again = again
        self.pause = pause
        self.unknown_type = unknown_type


class _Silence(Exception):
    """No query of a hook call was answered."""


@dataclass(slots=True)
class _Search:
    """One query under way: its thread fills it, the thread of the hook takes what is there when time is up."""

    base: str
    query: str
    token: str | None
    until: float
    call: Call = field(default_factory=Call)
    pages: list[Any] = field(default_factory=list)
    size: int = 0
    resources: int = 0
    answered: bool = False
    sent: bool = False
    ended: Fetched | None = None

    def fetched(self) -> Fetched:
        if self.ended:
            return self.ended
        pages = tuple(self.pages)
        return Fetched(pages, TRUNCATED if pages else TIMED_OUT)


def _may_help(error: BaseException) -> bool:
    return isinstance(error, _Failed) and error.again


def _pause(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    return error.pause if isinstance(error, _Failed) else _PAUSE


_TWICE = Retrying(stop=stop_after_attempt(2), retry=retry_if_exception(_may_help), wait=_pause, reraise=True)


class FhirClient:
    """One per process. ``allowed`` lists FHIR base URLs; empty means loopback only. ``budget`` is in seconds. ``watch`` is
    told of every HTTP request."""

    def __init__(self, allowed: Iterable[str], budget: float, watch: Callable[[Attempt], None] | None = None) -> None:
        self._allowed = frozenset(_normal(base) for base in allowed)
        self._budget = budget
        self._watch = watch or (lambda _: None)
        self._breaker = lru_cache(maxsize=256)(lambda base: CircuitBreaker(_SILENT_CALLS, _REST, _Silence, base))
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
        if is_forbidden(parts.hostname):
            return False
        if self._allowed:
            return _normal(base) in self._allowed
        return is_loopback(parts.hostname)

    def deadline(self) -> float:
        """When a request that begins now has to have read everything (``time.monotonic``)."""
        return time.monotonic() + self._budget

    def fetch(
        self,
        base: str,
        token: str | None,
        queries: Query,
        until: float | None = None,
        then: Callable[[str, Fetched], Query] | None = None,
    ) -> dict[str, Fetched]:
        """Runs the queries (relative to ``base``, or absolute ``next`` links of its origin) side by side.

        ``then`` sees each answer as it arrives and names what has to be read because of it. What has not arrived at
        ``until`` (the deadline of a request that begins now) is reported as timed out or cut short; nothing is raised.
        """
        breaker = self._breaker(_normal(base))
        if breaker.opened:
            return {key: Fetched(reason=str(breaker.last_failure)) for key in queries}
        searches: list[_Search] = []
        found = self._all(base, token, queries, until or self.deadline(), then, searches)
        sent = [search for search in searches if search.sent]
        try:
            with breaker:
                if sent and not any(search.answered for search in sent):
                    raise _Silence(max(search.fetched().reason or "" for search in sent))
        except _Silence as silence:
            silence.__traceback__ = None  # the breaker keeps it, and with it what was read and the token
        return found

    def _all(
        self,
        base: str,
        token: str | None,
        queries: Query,
        until: float,
        then: Callable[[str, Fetched], Query] | None,
        searches: list[_Search],
    ) -> dict[str, Fetched]:
        self._open()
        found: dict[str, Fetched] = {}
        pending: dict[Future[None], tuple[str, _Search]] = {}

        def start(more: Query) -> None:
            for key, query in more.items():
                search = _Search(base, query, token, until)
                searches.append(search)
                pending[self._pool.submit(self._read, search)] = key, search

        start(queries)
        while pending:
            done, _ = wait(pending, max(0.0, until - time.monotonic()), FIRST_COMPLETED)
            if not done:
                break
            for future in done:
                key, search = pending.pop(future)
                future.result()  # what is raised here is a fault of ours, and must be seen
                found[key] = search.fetched()
                if then:
                    start(then(key, found[key]))
        for future, (key, search) in pending.items():
            found[key] = search.fetched()
            future.cancel()
            search.call.cut()
        return found

    def _open(self) -> None:
        """Sessions and threads belong to one process: they are made after a server has forked."""
        if self._pid != os.getpid():
            self._session = new_session(_THREADS)
            self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="fhir")
            self._pid = os.getpid()

    def _read(self, search: _Search) -> None:
        """One query with all its pages."""
        base = search.base.rstrip("/") + "/"
        url, link, seen = base, search.query, {""}
        while True:
            try:
                url = urljoin(url, link)
                strange = _origin(url) != _origin(base)
            except ValueError:  # a link that is no address
                strange = True
            full = len(search.pages) >= _MAX_PAGES or search.resources > _MAX_RESOURCES
            if strange or full or url in seen:
                search.ended = Fetched(tuple(search.pages), TRUNCATED)
                return
            seen.add(url)
            try:
                page = _TWICE(self._get, url, search)
            except _Failed as failed:
                pages = tuple(search.pages)
                search.ended = Fetched(pages, TRUNCATED) if pages else Fetched((), failed.reason, failed.unknown_type)
                return
            search.pages.append(page)
            following = next_link(page)
            if following is None:
                search.ended = Fetched(tuple(search.pages))
                return
            link = following

    def _get(self, url: str, search: _Search) -> dict[str, Any]:
        """One request. Raises _Failed."""
        started = time.monotonic()
        result = "read"
        try:
            return self._sent(url, search)
        except _Failed as failed:
            result = failed.reason
            raise
        finally:
            self._watch(Attempt(result, time.monotonic() - started))

    def _sent(self, url: str, search: _Search) -> dict[str, Any]:
        left = search.until - time.monotonic()
        if left <= 0:
            raise _Failed(TIMED_OUT)
        search.sent = True
        try:
            with search.call:
                sent = self._session.get(
                    url,
                    auth=Bearer(search.token),
                    timeout=left,
                    allow_redirects=False,
                    stream=True,
                    proxies=_proxies(search.base),
                )
                with sent as answer:
                    search.answered = True
                    _check_status(answer, search)
                    page = _parsed(_body(answer, search))
        except (requests.Timeout, TimeoutError):
            raise _Failed(TIMED_OUT) from None
        except (requests.RequestException, HTTPError) as error:
            # Also when the waiting thread has cut the connection, and when it broke while the body was read.
            if time.monotonic() >= search.until:
                raise _Failed(TIMED_OUT) from None
            if search.call.forbidden:
                raise _Failed(NOT_ALLOWED) from None
            if isinstance(error, requests.exceptions.SSLError):
                raise _Failed(UNTRUSTED) from None
            raise _Failed(FAILED if search.answered else UNREACHABLE, again=_time_for(_PAUSE, search)) from None
        search.resources += len(items(page.get("entry")))
        return page


def _time_for(pause: float, search: _Search) -> bool:
    return time.monotonic() + pause < search.until


def _check_status(answer: requests.Response, search: _Search) -> None:
    """Raises _Failed unless the answer is a success in R4."""
    status = answer.status_code
    if status == 200:
        version = _VERSION.search(answer.headers.get("Content-Type", ""))
        if version and version[1] != "4":
            raise _Failed(f"{NOT_R4} {version[0][-3:]}")
        return
    if status in (401, 403):
        raise _Failed(REFUSED)
    if status in _UNKNOWN_HERE:
        raise _Failed(FAILED, unknown_type=True)
    pause = max(_PAUSE, _retry_after(answer))
    raise _Failed(FAILED, again=status in _FOR_A_MOMENT and _time_for(pause, search), pause=pause)


def _retry_after(answer: requests.Response) -> float:
    """The seconds that the server asks to wait; it may write a date."""
    try:
        return Retry().parse_retry_after(answer.headers.get("Retry-After", "0").strip())
    except (InvalidHeader, ValueError, OverflowError):
        return 0.0


def _body(answer: requests.Response, search: _Search) -> bytes:
    """The whole body, as long as it arrives in time and all pages together are not too large."""
    body = bytearray()
    while chunk := answer.raw.read1(_CHUNK, decode_content=True):
        body += chunk
        search.size += len(chunk)
        if search.size > _MAX_BYTES:
            raise _Failed(TRUNCATED)
        if time.monotonic() >= search.until:
            raise TimeoutError
    return bytes(body)


def _parsed(body: bytes) -> dict[str, Any]:
    """A resource; ``null`` or anything else is no answer to a search (in prefetch it would mean "none")."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise _Failed(UNREADABLE, again=True)
    return found


@lru_cache(maxsize=64)
def _proxies(base: str) -> dict[str, str]:
    """The proxies of the environment for this server; ``NO_PROXY`` is respected."""
    return dict(get_environ_proxies(base))


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
