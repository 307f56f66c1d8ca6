"""Counts for operators (Prometheus): services, cards, kinds of records and reasons, never whose they are.

Every label has a bounded number of values: what comes from outside is counted under a word of ours. docs/observability.md
lists the metrics.
"""

from __future__ import annotations

import platform
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import version as package_version
from itertools import product
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client.core import InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from ..fhir.prefetch import NOT_R4
from ..fhir.search import Attempt
from ..pathway.chart import Gap
from ..pathway.decide import Decision, Verdict
from .multiprocess import are_counts_shared, counts_of_all_processes
from .tally import Tally

NONE, OTHER = "none", "other"
SERVED, WITHHELD = "served", "withheld"
_SERVED = {verdict: SERVED if verdict is Verdict.SHOWN else verdict.value for verdict in Verdict}
_WITHHELD = _SERVED | {Verdict.SHOWN: WITHHELD}
_LOSSES = ("answers", "cards", "feedback", "tables", "tokens")


class _Children(dict[tuple[str, ...], Any]):
    """The series of a metric by the values of its labels. The library looks them up under a lock at every call; here each is
    asked for once."""

    def __init__(self, metric: Counter | Histogram) -> None:
        super().__init__()
        self._metric = metric

    def __missing__(self, values: tuple[str, ...]) -> Any:
        child = self[values] = self._metric.labels(*values)
        return child

    def prepare(self, *values: Iterable[str]) -> None:
        """Makes series with the value 0: Prometheus does not see the first step of one that begins at 1."""
        for combination in product(*values):
            self[combination]


class _Constants(Collector):
    """What does not change while the process runs. Not kept with the counts: those of a process that is gone stay."""

    def __init__(self, content: str) -> None:
        self._content = content

    def collect(self) -> Iterator[Metric]:
        yield InfoMetricFamily("cds_content", "The content that answers.", {"version": self._content})
        built = {"version": package_version("cds-service"), "python": platform.python_version()}
        yield InfoMetricFamily("cds_build", "The release that runs, and its Python.", built)


class Metrics:
    """What one application counts; with several worker processes, all of them together (multiprocess.py)."""

    def __init__(self) -> None:
        disable_created_metrics()  # a second series for each count, which nothing here needs
        self._registry = registry = CollectorRegistry()
        self._constants = _Constants("")
        self._cards: frozenset[str] = frozenset()
        self._tally = Tally()

        def counter(name: str, meaning: str, *labels: str) -> _Children:
            return _Children(Counter(name, meaning, labels, registry=registry))

        self._calls = counter("cds_hook_calls", "Hook calls by how they were answered.", "service", "mode", "status")
        self._fates = counter("cds_cards", "What became of cards that a hook call asked about.", "card", "fate")
        self._gaps = counter("cds_gaps", "Data that could not be read.", "resource", "reason")
        self._feedback = counter("cds_feedback", "What clinicians did with cards, each statement once.", "card", "outcome")
        self._lost = counter("cds_memory_losses", "Not recorded or looked up while the memory was down.", "what")
        self._refused = counter("cds_tokens_refused", "Calls that were not authenticated.", "reason")
        self._seconds = _Children(
            Histogram(
                "cds_hook_seconds",
                "Time from the arrival of an authenticated hook call to its answer.",
                ("service",),
                registry=registry,
                buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
            )
        )
        self._limited = Counter("cds_rate_limited", "Calls refused by CDS_RATE_LIMIT.", registry=registry)
        self._fhir = _Children(
            Histogram(
                "cds_fhir_request_seconds",
                "Requests to FHIR servers by how they ended.",
                ("result",),
                registry=registry,
                buckets=(0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6),
            )
        )
        self._workers = Gauge("cds_workers", "Worker processes that run.", registry=registry, multiprocess_mode="livesum")
        self._lost.prepare(_LOSSES)

    def prepare(self, content: str, services: Sequence[str], cards: Iterable[str], modes: Iterable[str]) -> None:
        """Names what will be counted, so that each series is there before its first step."""
        modes = tuple(modes)
        self._constants = _Constants(content)
        self._cards = frozenset(cards)
        self._calls.prepare(services, modes, ("200", "412", "422", "500"))
        self._seconds.prepare(services)
        self._fates.prepare(sorted(self._cards), [WITHHELD if mode == "shadow" else SERVED for mode in modes])
        self._fhir.prepare(("read",))
        if not are_counts_shared():
            self.worker_runs()

    def worker_runs(self) -> None:
        """This process answers calls. In a forked worker it also opens the files that its counts are kept in."""
        self._workers.set(1)
        if are_counts_shared():
            self._tally.write_from_now_on()

    # -- what happens ---------------------------------------------------------------------------------------------------

    def hook_call(
        self,
        service: str,
        mode: str,
        status: int,
        seconds: float | None,
        decisions: Iterable[Decision] = (),
        shadow: bool = False,
    ) -> None:
        """One call, and what became of each card that was not silent; ``seconds`` only where it was let in, or refusals would
        make the service look fast."""
        fates, words = self._fates, _WITHHELD if shadow else _SERVED
        ones = [fates[decision.recommendation.id, words[decision.verdict]] for decision in decisions]
        ones.append(self._calls[service, mode, str(status)])
        if seconds is None:
            self._tally.add(ones)
            return
        histogram = self._seconds[service,]
        ones.append(histogram._buckets[bisect_left(histogram._upper_bounds, seconds)])
        self._tally.add(ones, ((histogram._sum, seconds),))

    def rate_limited(self) -> None:
        self._limited.inc()

    def not_read(self, gaps: Iterable[Gap]) -> None:
        for gap in gaps:
            self._gaps[gap.what, _reason(gap.reason)].inc()

    def fhir_request(self, attempt: Attempt) -> None:
        self._fhir[_reason(attempt.result),].observe(attempt.seconds)

    def lost(self, what: str, number: int = 1) -> None:
        self._lost[what,].inc(number)

    def refused_token(self, reason: str) -> None:
        self._refused[reason,].inc()

    def heard(self, statements: Iterable[tuple[str | None, str]]) -> None:
        """Feedback that is stored: cards, as far as they are known, and what was done with them."""
        for card, outcome in statements:
            known = card if card is not None and card in self._cards else OTHER
            self._feedback[known, outcome].inc()

    # -- what is told ---------------------------------------------------------------------------------------------------

    def page(self) -> bytes:
        """Everything in the text format of Prometheus."""
        self._tally.write()
        constants = generate_latest(self._constants)
        if not are_counts_shared():
            return constants + generate_latest(self._registry)
        with counts_of_all_processes() as together:
            return constants + generate_latest(together)


def _reason(text: str) -> str:
    """A reason as a label: the version that a server says it is comes from outside."""
    return NOT_R4 if text.startswith(NOT_R4) else text
