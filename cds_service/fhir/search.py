"""One query with all its pages, in a thread of its own: two attempts for each request, one deadline for everything."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import urljoin

import orjson
import requests
from requests.utils import get_environ_proxies
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt
from urllib3.exceptions import HTTPError, InvalidHeader
from urllib3.util import Retry

from ..addresses import origin
from ..connections import Bearer, Call
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

# Of all pages together.
_MAX_PAGES = 50
_MAX_RESOURCES = 10_000
_MAX_BYTES = 16 * 1024 * 1024
_CHUNK = 64 * 1024
_UNKNOWN_HERE = frozenset({400, 404, 501})
_FOR_A_MOMENT = frozenset({429, 500, 502, 503, 504})
_VERSION = re.compile(r"fhirversion\s*=\s*[\"']?\s*((\d)\.\d)", re.I)
_PAUSE = 0.02  # seconds before the second attempt, where the server names none


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


def _may_help(error: BaseException) -> bool:
    return isinstance(error, _Failed) and error.again


def _pause(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    return error.pause if isinstance(error, _Failed) else _PAUSE


_TWICE = Retrying(stop=stop_after_attempt(2), retry=retry_if_exception(_may_help), wait=_pause, reraise=True)


@dataclass(slots=True)
class Search:
    """Its own thread fills it; the thread of the hook takes what is there when time is up (``until``, monotonic seconds).

    ``sent`` and ``answered`` say whether a request went out, and whether the server answered one at all.
    """

    session: requests.Session
    base: str
    query: str
    token: str | None
    until: float
    watch: Callable[[Attempt], None]
    call: Call = field(default_factory=Call, init=False)
    sent: bool = field(default=False, init=False)
    answered: bool = field(default=False, init=False)
    _pages: list[dict[str, Any]] = field(default_factory=list, init=False)
    _bytes: int = field(default=0, init=False)
    _resources: int = field(default=0, init=False)
    _ended: Fetched | None = field(default=None, init=False)

    def fetched(self) -> Fetched:
        """What is there by now."""
        if self._ended:
            return self._ended
        pages = tuple(self._pages)
        return Fetched(pages, TRUNCATED if pages else TIMED_OUT)

    def run(self) -> None:
        """Reads page after page. Nothing is raised for anything that a server does."""
        try:
            complete = self._read_pages()
        except _Failed as failed:
            pages = tuple(self._pages)
            self._ended = Fetched(pages, TRUNCATED) if pages else Fetched((), failed.reason, failed.unknown_type)
        else:
            self._ended = Fetched(tuple(self._pages), None if complete else TRUNCATED)

    def _read_pages(self) -> bool:
        """Were all pages read? Raises _Failed."""
        url = base = self.base.rstrip("/") + "/"
        link: str | None = self.query
        seen: set[str] = set()
        while link is not None:
            try:
                url = urljoin(url, link)
                followed = link and origin(url) == origin(base) and url not in seen
            except ValueError:  # a link that is no address
                followed = False
            if not followed or len(self._pages) >= _MAX_PAGES or self._resources > _MAX_RESOURCES:
                return False
            seen.add(url)
            page = _TWICE(self._request, url)
            self._pages.append(page)
            self._resources += len(items(page.get("entry")))
            link = next_link(page)
        return True

    def _request(self, url: str) -> dict[str, Any]:
        """One request. Raises _Failed."""
        started = time.monotonic()
        result = "read"
        try:
            return self._answer(url, started)
        except _Failed as failed:
            result = failed.reason
            raise
        finally:
            self.watch(Attempt(result, time.monotonic() - started))

    def _answer(self, url: str, now: float) -> dict[str, Any]:
        if now >= self.until:
            raise _Failed(TIMED_OUT)
        self.sent = True
        how: dict[str, Any] = {"timeout": self.until - now, "allow_redirects": False, "stream": True}
        try:
            with self.call, self.session.get(url, auth=Bearer(self.token), proxies=_proxies(self.base), **how) as answer:
                self.answered = True
                self._check_status(answer)
                return _parsed(self._body(answer))
        except (requests.Timeout, TimeoutError):
            raise _Failed(TIMED_OUT) from None
        except (requests.RequestException, HTTPError) as error:
            # Also when the thread of the hook has cut the connection, and when it broke while the body was read.
            raise self._broken(error) from None

    def _broken(self, error: Exception) -> _Failed:
        if time.monotonic() >= self.until:
            return _Failed(TIMED_OUT)
        if self.call.forbidden:
            return _Failed(NOT_ALLOWED)
        if isinstance(error, requests.exceptions.SSLError):
            return _Failed(UNTRUSTED)
        return _Failed(FAILED if self.answered else UNREACHABLE, again=self._time_for(_PAUSE))

    def _time_for(self, pause: float) -> bool:
        return time.monotonic() + pause < self.until

    def _check_status(self, answer: requests.Response) -> None:
        """Raises _Failed unless the answer is a success in R4."""
        status = answer.status_code
        if status == 200:
            version = _VERSION.search(answer.headers.get("Content-Type", ""))
            if version and version[2] != "4":
                raise _Failed(f"{NOT_R4} {version[1]}")
            return
        if status in (401, 403):
            raise _Failed(REFUSED)
        if status in _UNKNOWN_HERE:
            raise _Failed(FAILED, unknown_type=True)
        pause = max(_PAUSE, _retry_after(answer))
        raise _Failed(FAILED, again=status in _FOR_A_MOMENT and self._time_for(pause), pause=pause)

    def _body(self, answer: requests.Response) -> bytes:
        """The whole body, as long as it arrives in time and all pages together are not too large."""
        body = bytearray()
        while chunk := answer.raw.read1(_CHUNK, decode_content=True):
            body += chunk
            self._bytes += len(chunk)
            if self._bytes > _MAX_BYTES:
                raise _Failed(TRUNCATED)
            if time.monotonic() >= self.until:
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


def _retry_after(answer: requests.Response) -> float:
    """The seconds that the server asks to wait; it may write a date."""
    try:
        return Retry().parse_retry_after(answer.headers.get("Retry-After", "0").strip())
    except (InvalidHeader, ValueError, OverflowError):
        return 0.0


@lru_cache(maxsize=64)
def _proxies(base: str) -> dict[str, str]:
    """The proxies of the environment for this server; ``NO_PROXY`` is respected."""
    return dict(get_environ_proxies(base))
