"""One run: both services at the same time on the same machine, asked in turn."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from .bodies import Body
from .load import Sample, measure
from .services import BARE, OURS, Running, start

BOTH = (OURS, BARE)
CONNECTIONS = (1, 8)


@dataclass(frozen=True)
class Plan:
    """How much is asked: calls in a round by the size of the body, rounds, and starts that are timed."""

    calls: Mapping[int, int]
    rounds: int
    starts: int


FULL = Plan({10: 1500, 100: 800, 1000: 120}, rounds=9, starts=5)


@dataclass
class Found:
    """The rounds of one size of body with one number of connections."""

    body: Body
    connections: int
    rounds: dict[str, list[Sample]] = field(default_factory=lambda: {which: [] for which in BOTH})

    def cpu(self, which: str) -> float:
        return median(sample.cpu_ms for sample in self.rounds[which])

    def latency(self, which: str, share: float) -> float:
        return median(sample.latency(share) for sample in self.rounds[which])

    def a_second(self, which: str) -> float:
        return median(sample.a_second for sample in self.rounds[which])

    @property
    def ratios(self) -> list[float]:
        """CPU time of the service to that of the bare one, pair by pair, from the lowest to the highest."""
        pairs = zip(self.rounds[OURS], self.rounds[BARE], strict=True)
        return sorted(ours.cpu_ms / theirs.cpu_ms for ours, theirs in pairs)


@dataclass
class Result:
    found: list[Found]
    memory_mb: dict[str, dict[str, float]]
    cold_starts: dict[str, list[float]]


def run(bodies: Sequence[Body], plan: Plan, now: str) -> Result:
    """Starts both, asks both in pairs, and stops them. The order within a pair changes from round to round."""
    with tempfile.TemporaryDirectory(prefix="cds-bench-") as place, _both(Path(place), now) as (services, starts):
        for again in range(1, plan.starts):
            with _both(Path(place) / f"again-{again}", now) as (_, more):
                for which in BOTH:
                    starts[which] += more[which]
        found = [Found(body, connections) for body in bodies for connections in CONNECTIONS]
        for number in range(-1, plan.rounds):
            for one in found:
                calls = max(plan.calls[one.body.resources] // (4 if number < 0 else 1), one.connections)
                for which in BOTH[:: 1 if number % 2 else -1]:
                    sample = measure(services[which], one.body, calls, one.connections)
                    if number >= 0:  # the first time is for warming up
                        one.rounds[which].append(sample)
        memory = {which: services[which].memory_mb() for which in BOTH}
    return Result(found, memory, starts)


@contextmanager
def _both(folder: Path, now: str) -> Iterator[tuple[dict[str, Running], dict[str, list[float]]]]:
    folder.mkdir(exist_ok=True)
    services: dict[str, Running] = {}
    try:
        for which in BOTH:
            services[which] = start(which, folder, now)
        yield services, {which: [running.cold_start] for which, running in services.items()}
    finally:
        for running in services.values():
            running.process.terminate()
        for running in services.values():
            running.stop()
