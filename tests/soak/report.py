"""What a soak measured, as a page with plots."""

from __future__ import annotations

import csv
import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot


@dataclass(frozen=True)
class Measured:
    """The counts of one run; ``folder`` holds what locust wrote."""

    minutes: float
    users: int
    memory: list[tuple[float, int, int]]
    events: list[tuple[float, str]]
    folder: Path
    calls: int
    feedback: int
    lost_calls: int
    counted_losses: int
    lost_feedback: int
    doubled_feedback: int

    @property
    def unexplained_calls(self) -> int:
        """Answered, not recorded, and not counted as lost. What a killed worker had not written yet stands in its journal."""
        return max(self.lost_calls - self.counted_losses, 0)

    @property
    def rows(self) -> list[dict[str, str]]:
        with (self.folder / "locust_stats.csv").open(newline="") as file:
            return list(csv.DictReader(file))

    @property
    def failures(self) -> int:
        """Everything that was not answered as it should be, but for what was cut."""
        return int(next(row["Failure Count"] for row in self.rows if row["Name"] == "Aggregated")) - self.cut

    @property
    def cut(self) -> int:
        """The calls that were in the worker that was killed, whose connections ended without an answer."""
        with (self.folder / "locust_failures.csv").open(newline="") as file:
            return sum(int(row["Occurrences"]) for row in csv.DictReader(file) if "status 0" in row["Error"])

    @property
    def history(self) -> list[dict[str, str]]:
        with (self.folder / "locust_stats_history.csv").open(newline="") as file:
            return [row for row in csv.DictReader(file) if row["Name"] == "Aggregated"]


def write(measured: Measured, folder: Path) -> None:
    """Writes ``soak.md`` and its picture."""
    (folder / "pictures").mkdir(parents=True, exist_ok=True)
    _plot(measured, folder / "pictures" / "soak.svg")
    (folder / "soak.md").write_text("\n".join(_lines(measured)) + "\n", encoding="utf-8")


def _lines(measured: Measured) -> list[str]:
    whole = next(row for row in measured.rows if row["Name"] == "Aggregated")
    lines = [
        "# Soak",
        "",
        f"`make soak`, {datetime.now(UTC):%Y-%m-%d}, {measured.minutes:g} minutes, {measured.users} clinicians, two workers, "
        f"PostgreSQL; Python {platform.python_version()}, {platform.machine()}, two cores that the traffic shares.",
        "",
        "| what | calls | failed | p50 ms | p95 ms | p99 ms | most ms |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in (*(row for row in measured.rows if row["Name"] != "Aggregated"), whole):
        figures = [row[name] for name in ("Request Count", "Failure Count", "50%", "95%", "99%")]
        lines.append(f"| {row['Name']} | {' | '.join(figures)} | {float(row['Max Response Time']):.0f} |")
    first, last = _settled(measured)
    lines += [
        "",
        f"- Recorded: {measured.calls - measured.lost_calls} of {measured.calls} answered calls, with a worker killed and "
        f"the database away for a while; counted as lost: {measured.counted_losses}.",
        f"- Feedback that was answered 200: {measured.feedback}; lost {measured.lost_feedback}, "
        f"doubled {measured.doubled_feedback}.",
        f"- Cut with the worker that was killed: {measured.cut} calls; failed otherwise: {measured.failures}.",
        f"- Memory of both workers (PSS): {first} MB after the first fifth, {last} MB at the end.",
        "",
        "A failure is an answer other than 200 to a hook, but for 412 where the problem list could not be read, and other than "
        "200 or 503 to feedback.",
        "",
        "![Latency, requests and memory over time](pictures/soak.svg)",
    ]
    return lines


def _settled(measured: Measured) -> tuple[int, int]:
    """The memory after a fifth of the time and at the end, with both workers there."""
    both = [size for _, workers, size in measured.memory if workers == 2]
    return (both[len(both) // 5], both[-1]) if both else (0, 0)


def _plot(measured: Measured, file: Path) -> None:
    history = measured.history
    begin = float(history[0]["Timestamp"])
    minutes = [(float(row["Timestamp"]) - begin) / 60 for row in history]
    figure, (latency, rate, memory) = pyplot.subplots(3, 1, figsize=(9, 7), sharex=True)
    for name in ("50%", "95%", "99%"):
        latency.plot(minutes, [_number(row[name]) for row in history], label=name)
    latency.set_ylabel("ms")
    latency.legend(loc="upper right")
    rate.plot(minutes, [float(row["Requests/s"]) for row in history], label="requests a second")
    rate.plot(minutes, [float(row["Failures/s"]) for row in history], label="failures a second")
    rate.legend(loc="upper right")
    memory.plot([at / 60 for at, _, _ in measured.memory], [size for _, _, size in measured.memory], label="MB of both workers")
    memory.set_ylim(bottom=0)
    memory.set_xlabel("minutes")
    memory.legend(loc="lower right")
    for at, what in measured.events:
        for part in (latency, rate, memory):
            part.axvline(at / 60, linestyle="--", linewidth=0.8, color="0.5")
        latency.annotate(what, (at / 60, 1), xycoords=("data", "axes fraction"), rotation=20, fontsize=7)
    figure.tight_layout()
    figure.savefig(file, metadata={"Date": None})
    pyplot.close(figure)


def _number(text: str) -> float:
    return float(text) if text not in ("", "N/A") else 0.0
