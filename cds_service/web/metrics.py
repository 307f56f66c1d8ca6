"""Counts for operators (Prometheus): kinds of records and reasons, never whose they are."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from ..fhir.search import Attempt
from ..pathway.chart import Gap


class Metrics:
    """What one application counts."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._gaps = Counter("cds_gaps", "Data that could not be read", ("resource", "reason"), registry=self._registry)
        self._lost = Counter(
            "cds_memory_losses",
            "Not recorded or looked up while the memory was down",
            ("what",),
            registry=self._registry,
        )
        self._refused = Counter("cds_tokens_refused", "Calls that were not authenticated", registry=self._registry)
        self._limited = Counter("cds_rate_limited", "Calls refused by CDS_RATE_LIMIT", ("client",), registry=self._registry)
        self._fhir = Histogram(
            "cds_fhir_request_seconds",
            "Requests to FHIR servers by how they ended",
            ("result",),
            registry=self._registry,
            buckets=(0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6),
        )

    def fhir_request(self, attempt: Attempt) -> None:
        self._fhir.labels(attempt.result).observe(attempt.seconds)

    def lost(self, what: str) -> None:
        self._lost.labels(what).inc()

    def refused_token(self) -> None:
        self._refused.inc()

    def rate_limited(self, client: str) -> None:
        self._limited.labels(client).inc()

    def not_read(self, gaps: Iterable[Gap]) -> None:
        for gap in gaps:
            self._gaps.labels(gap.what, gap.reason).inc()

    def page(self) -> bytes:
        """Everything in the text format of Prometheus."""
        return generate_latest(self._registry)
