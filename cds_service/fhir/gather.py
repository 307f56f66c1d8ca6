"""Stage 3, gather: prefetch first, then what is missing from the EHR's FHIR server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from ..pathway.answers import Answer
from .client import Base, FhirClient
from .elements import items
from .hook import HookRequest
from .prefetch import FAILED, NOT_ALLOWED, NOT_SENT, OUT_OF_SCOPE, PART_OF_SCOPE, PATIENT, TIMED_OUT, TRUNCATED, Records, Source
from .references import CONDITION, References
from .scopes import READ, SEARCH, Scopes
from .search import Fetched

_PRESCRIPTIONS = ("MedicationRequest", "MedicationStatement", "MedicationDispense")


def gather(
    request: HookRequest, sources: Sequence[Source], client: FhirClient, servers: frozenset[Base] | None = None
) -> Records:
    """The resources that these sources ask for and what they point to, with a gap for each that could not be had.
    ``servers`` are the FHIR bases that the caller may name; None: those of the whole process."""
    gathering = _Gathering(request, sources, servers)
    gathering.run(client)
    return gathering.records


class _Gathering:
    """One hook call: ``records`` is what has been filed, ``_waiting`` what is still being asked."""

    def __init__(self, request: HookRequest, sources: Sequence[Source], servers: frozenset[Base] | None) -> None:
        self._servers = servers
        self.records = Records()
        self._request = request
        self._sources = {source.resource_type: source for source in sources}
        self._scopes = Scopes(request.scope)
        self._waiting: dict[str, str] = {}
        self._references: References

    def run(self, client: FhirClient) -> None:
        """Prefetch, then the server, with a gap for whatever is still waited for in the end."""
        until = client.deadline()
        for source in self._sources.values():
            self._begin(source)
        refused = self._refused(client)
        if refused is None:
            self._references = References(self.records, str(self._request.server), self._scopes)
            self._ask(client, until)
        for name in self._waiting:
            self._gap(name, refused or TIMED_OUT)
        # Answers arrive in any order, and the same request gives the same cards.
        order = list(self._sources)
        self.records.gaps.sort(key=lambda gap: (order.index(gap.what) if gap.what in order else len(order), gap))

    def _ask(self, client: FhirClient, until: float) -> None:
        queries = self._waiting | self._pointed_to(*self._sources)
        if queries:
            found = client.fetch(str(self._request.server), self._request.token, queries, until, self._arrived)
            for name in tuple(self._waiting):  # what the deadline cut off
                self._arrived(name, found[name])
            self._references.late(found)

    def _begin(self, source: Source) -> None:
        """What was sent for this source is filed; what is missing of it is waited for."""
        name, request = source.resource_type, self._request
        if name in request.prefetch:
            link = self.records.take(source, request.prefetch[name])
            if link is not None:
                self._waiting[name] = link
            return
        permitted = self._scopes.permit(name, READ if source.section == "person" else SEARCH)
        if permitted is Answer.NO:
            self.records.gap(source, OUT_OF_SCOPE)
            return
        if permitted is Answer.UNKNOWN:
            self.records.gap(source, PART_OF_SCOPE)
        self._waiting[name] = self._query(source)

    def _query(self, source: Source) -> str:
        return source.template.replace(PATIENT, quote(self._request.patient, safe=""))

    def _refused(self, client: FhirClient) -> str | None:
        """Why the server is not called."""
        if self._request.server is None:
            return NOT_SENT
        return None if client.allows(self._request.server, self._servers) else NOT_ALLOWED

    def _arrived(self, key: str, answer: Fetched) -> dict[str, str]:
        """Files an answer, and names what has to be read because of it."""
        if key not in self._waiting:
            self._references.take(key, answer)
            return {}
        source = self._sources[key]
        if answer.unknown_type and source.narrower and self._waiting[key] == self._query(source):
            self._waiting[key] += source.narrower
            return {key: self._waiting[key]}
        del self._waiting[key]
        for page in answer.pages:
            self.records.take(source, page)
        if key in self._request.prefetch:
            if answer.reason:
                self.records.gap(source, TRUNCATED)
        elif answer.unknown_type:
            if not source.optional:
                self.records.gap(source, "not found" if source.section == "person" else FAILED)
        elif answer.reason:
            self.records.gap(source, answer.reason)
        return self._pointed_to(key)

    def _pointed_to(self, *changed: str) -> dict[str, str]:
        """What the records of these types point to and nobody has sent."""
        resources, drafts = self.records.resources, self._drafts()
        queries = self._references.medications(drafts)
        for name in _PRESCRIPTIONS:
            if name in changed:
                queries |= self._references.medications(resources.get(name, ()))
        if CONDITION in changed and CONDITION not in self._waiting:
            queries |= self._references.problems(drafts)
        return queries

    def _drafts(self) -> list[Any]:
        """The unsigned orders of the session."""
        entries = items((self._request.draft_orders or {}).get("entry"))
        return [entry.get("resource") for entry in entries if isinstance(entry, dict)]

    def _gap(self, name: str, reason: str) -> None:
        self.records.gap(self._sources[name], TRUNCATED if name in self._request.prefetch else reason)
