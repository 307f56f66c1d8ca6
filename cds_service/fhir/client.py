"""Reading from the EHR's FHIR server: allowed servers only, in parallel, within one time budget for the whole request."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import lru_cache
from urllib.parse import urlsplit

import requests
from circuitbreaker import CircuitBreaker

from ..addresses import DEFAULT_PORTS, is_forbidden, is_loopback, origin
from .connections import new_session
from .search import Attempt, Fetched, Search

# One hook reads up to eighteen kinds at once; the hooks of a process share its threads.
_THREADS = 64
# So many hook calls in a row without any answer of a server, and it is left alone for so many seconds.
_SILENT_CALLS, _REST = 5, 10

Queries = Mapping[str, str]
Then = Callable[[str, Fetched], Queries]


class _Silence(Exception):
    """A server answered none of the requests of a hook call."""


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
        if parts.scheme not in DEFAULT_PORTS or not parts.hostname or parts.username or parts.query or parts.fragment:
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
        self, base: str, token: str | None, queries: Queries, until: float | None = None, then: Then | None = None
    ) -> dict[str, Fetched]:
        """Runs the queries (relative to ``base``, or absolute ``next`` links of its origin) side by side.

        ``then`` sees each answer as it arrives and names what has to be read because of it. What has not arrived at
        ``until`` (the deadline of a request that begins now) is reported as timed out or cut short; nothing is raised.
        """
        breaker = self._breaker(_normal(base))
        if breaker.opened:
            return {key: Fetched(reason=str(breaker.last_failure)) for key in queries}
        searches: dict[str, Search] = {}
        found = self._side_by_side(searches, base, token, queries, until or self.deadline(), then)
        sent = [search for search in searches.values() if search.sent]
        try:
            with breaker:
                if sent and not any(search.answered for search in sent):
                    raise _Silence(max(search.fetched().reason or "" for search in sent))
        except _Silence as silence:
            silence.__traceback__ = None  # the breaker keeps it, and with it the token and what was read
        return found

    def _side_by_side(
        self, searches: dict[str, Search], base: str, token: str | None, queries: Queries, until: float, then: Then | None
    ) -> dict[str, Fetched]:
        """Fills ``searches`` with what was asked."""
        self._open()
        found: dict[str, Fetched] = {}
        pending: dict[Future[None], str] = {}

        def start(more: Queries) -> None:
            for key, query in more.items():
                searches[key] = Search(self._session, base, query, token, until, self._watch)
                pending[self._pool.submit(searches[key].run)] = key

        start(queries)
        while pending:
            done, _ = wait(pending, max(0.0, until - time.monotonic()), FIRST_COMPLETED)
            if not done:
                break
            for future in done:
                key = pending.pop(future)
                future.result()  # what is raised here is a fault of ours, and must be seen
                found[key] = searches[key].fetched()
                if then:
                    start(then(key, found[key]))
        for future, key in pending.items():
            found[key] = searches[key].fetched()
            future.cancel()
            searches[key].call.cut()
        return found

    def _open(self) -> None:
        """Sessions and threads belong to one process: they are made after a server has forked."""
        if self._pid != os.getpid():
            self._session = new_session(_THREADS)
            self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="fhir")
            self._pid = os.getpid()


def _normal(base: str) -> tuple[str, str, int | None, str]:
    return (*origin(base), urlsplit(base).path.rstrip("/"))
