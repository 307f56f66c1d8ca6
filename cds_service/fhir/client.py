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

from ..addresses import is_forbidden, is_loopback, origin
from ..connections import new_session
from .search import Attempt, Fetched, Search

# One hook reads up to eighteen kinds at once; the hooks of a process share its threads.
_THREADS = 64
# So many hook calls in a row in which a server leaves a kind of record without any answer, and it is not asked for that kind
# for so many seconds. By kind, because one that hangs must not close the way to the others.
_SILENT_CALLS, _REST = 5, 10
_LONGEST = 500  # characters of an address that is remembered

Queries = Mapping[str, str]
Then = Callable[[str, Fetched], Queries]
Base = tuple[str, str, int, str]


class _Silence(Exception):
    """A server answered none of the requests of a hook call for a kind of record."""


class FhirClient:
    """One per process. ``allowed`` lists FHIR base URLs; empty means loopback only. ``budget`` is in seconds. ``watch`` is
    told of every HTTP request."""

    def __init__(self, allowed: Iterable[str], budget: float, watch: Callable[[Attempt], None] | None = None) -> None:
        self._allowed = bases(allowed)
        self._budget = budget
        self._watch = watch or (lambda _: None)
        self._allowed_before = lru_cache(maxsize=256)(self._allows)
        self._breaker = lru_cache(maxsize=4096)(lambda base, kind: CircuitBreaker(_SILENT_CALLS, _REST, _Silence, kind))
        self._pid = 0
        self._session: requests.Session
        self._pool: ThreadPoolExecutor

    def allows(self, base: str, listed: frozenset[Base] | None = None) -> bool:
        """May this FHIR base be called? ``listed``, the list of one CDS Client (``bases``), goes before that of the process."""
        return self._allowed_before(base, listed) if len(base) <= _LONGEST else self._allows(base, listed)

    def _allows(self, base: str, listed: frozenset[Base] | None) -> bool:
        try:
            wanted, parts = _normal(base), urlsplit(base)
        except ValueError:
            return False
        host = wanted[1].strip("[]")
        if parts.query or parts.fragment or is_forbidden(host):
            return False
        if listed is not None:
            return wanted in listed
        return wanted in self._allowed if self._allowed else is_loopback(host)

    def deadline(self) -> float:
        """When a request that begins now has to have read everything (``time.monotonic``)."""
        return time.monotonic() + self._budget

    def fetch(
        self, base: str, token: str | None, queries: Queries, until: float | None = None, then: Then | None = None
    ) -> dict[str, Fetched]:
        """Runs the queries (relative to ``base``, or absolute ``next`` links of its origin) side by side, by keys that begin
        with the kind of record.

        ``then`` sees each answer as it arrives and names what has to be read because of it. What has not arrived at
        ``until`` (the deadline of a request that begins now) is reported as timed out or cut short; nothing is raised.
        """
        self._open()
        until = until or self.deadline()
        server = _normal(base)
        found: dict[str, Fetched] = {}
        searches: dict[str, Search] = {}
        pending: dict[Future[None], str] = {}

        def start(more: Queries) -> None:
            for key, query in more.items():
                breaker = self._breaker(server, _kind(key))
                if breaker.opened:
                    found[key] = Fetched(reason=str(breaker.last_failure))
                    start(then(key, found[key]) if then else {})
                else:
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
        self._note_silence(server, searches)
        return found

    def _note_silence(self, server: Base, searches: Mapping[str, Search]) -> None:
        """Tells the breakers which kinds of record were answered."""
        for kind in {_kind(key) for key, search in searches.items() if search.sent}:
            sent = [search for key, search in searches.items() if search.sent and _kind(key) == kind]
            try:
                with self._breaker(server, kind):
                    if not any(search.answered for search in sent):
                        raise _Silence(max(search.fetched().reason or "" for search in sent))
            except _Silence as silence:
                silence.__traceback__ = None  # the breaker keeps it, and with it the token and what was read

    def _open(self) -> None:
        """Sessions and threads belong to one process: they are made after a server has forked."""
        if self._pid != os.getpid():
            self._session = new_session(_THREADS)
            self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="fhir")
            self._pid = os.getpid()


def bases(urls: Iterable[str]) -> frozenset[Base]:
    """A list of FHIR base URLs, in the form in which two spellings of one are the same."""
    return frozenset(_normal(url) for url in urls)


def _kind(key: str) -> str:
    """``Medication`` of ``Medication/12``."""
    return key.partition("/")[0]


def _normal(base: str) -> Base:
    return (*origin(base), urlsplit(base).path.rstrip("/"))
