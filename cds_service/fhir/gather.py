"""Stage 3, gather: prefetch first, then what is missing from the EHR's FHIR server."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from .client import FhirClient
from .hook import HookRequest
from .prefetch import FAILED, NOT_ALLOWED, NOT_SENT, PATIENT, TRUNCATED, Records, Source


def gather(request: HookRequest, sources: Sequence[Source], client: FhirClient) -> Records:
    """The resources that these sources ask for, with a gap for each that could not be had."""
    records = Records()
    queries: dict[Source, str] = {}
    for source in sources:
        if source.resource_type in request.prefetch:
            link = records.take(source, request.prefetch[source.resource_type])
            if link is not None:
                queries[source] = link
        else:
            queries[source] = source.template.replace(PATIENT, quote(request.patient, safe=""))
    if queries:
        _fetch(request, queries, client, records)
    return records


def _fetch(request: HookRequest, queries: dict[Source, str], client: FhirClient, records: Records) -> None:
    prefetched = frozenset(source for source in queries if source.resource_type in request.prefetch)
    reason = None
    if request.server is None:
        reason = NOT_SENT
    elif not client.allows(request.server):
        reason = NOT_ALLOWED
    if reason or request.server is None:
        for source in queries:
            records.gap(source, TRUNCATED if source in prefetched else reason or NOT_SENT)
        return
    found = client.fetch(request.server, request.token, {s.resource_type: query for s, query in queries.items()})
    for source in queries:
        answer = found[source.resource_type]
        for page in answer.pages:
            records.take(source, page)
        if source in prefetched and (answer.reason or answer.unknown_type):
            records.gap(source, TRUNCATED)
        elif answer.unknown_type:
            if not source.optional:
                records.gap(source, "not found" if source.section == "person" else FAILED)
        elif answer.reason:
            records.gap(source, answer.reason)
