"""What was found, as a table on the terminal and as docs/benchmark.md."""

from __future__ import annotations

import os
import platform
from datetime import date
from importlib.metadata import version
from pathlib import Path
from statistics import median

from .run import BOTH, Found, Plan, Result
from .services import BARE, OURS

PAGE = Path(__file__).parents[2] / "docs" / "benchmark.md"
# CPU time of a call to that of the bare service, at most, by resources in the body.
BARS = {100: 1.0, 1000: 0.8}
NAMES = {OURS: "this service", BARE: "bare Flask"}


def table(result: Result) -> str:
    """Plain text."""
    lines = [
        "resources  kB      conn.  CPU ms ours / bare    ratio (lowest-highest)  p50 ms         p99 ms          calls a second"
    ]
    for one in result.found:
        ours, theirs = one.cpu(OURS), one.cpu(BARE)
        lines.append(
            f"{one.body.resources:9d}  {one.body.length / 1000:6.0f}  {one.connections:5d}  {ours:9.3f} / {theirs:<9.3f} "
            f" {median(one.ratios):5.2f} ({one.ratios[0]:.2f}-{one.ratios[-1]:.2f}){'':8}"
            f" {_pair(one, 0.5):13}  {_pair(one, 0.99):14}  {one.a_second(OURS):.0f} / {one.a_second(BARE):.0f}"
        )
    for which in BOTH:
        memory = result.memory_mb[which]
        lines.append(
            f"{NAMES[which]}: first answer after {median(result.cold_starts[which]):.2f} s, "
            f"worker {memory['Rss']:.0f} MB resident, its share {memory['Pss']:.0f} MB"
        )
    return "\n".join([*lines, *bars(result)])


def _pair(one: Found, share: float) -> str:
    return f"{one.latency(OURS, share):.2f} / {one.latency(BARE, share):.2f}"


def bars(result: Result) -> list[str]:
    """What was wanted and what was reached; of one connection, because with more of them callers and workers share the cores."""
    said = []
    for one in result.found:
        bar = BARS.get(one.body.resources)
        if bar and one.connections == 1:
            reached = median(one.ratios)
            said.append(
                f"{one.body.resources} resources: at most {bar} is wanted, {reached:.2f} measured: {_verdict(reached, bar)}."
            )
    return said


def _verdict(reached: float, bar: float) -> str:
    return "reached" if reached <= bar else "MISSED"


def page(result: Result, plan: Plan, bodies: str) -> str:
    """The document."""
    rows = [
        f"| {one.body.resources} | {one.body.length / 1000:.0f} | {one.connections} | {one.cpu(OURS):.2f} | {one.cpu(BARE):.2f} "
        f"| **{median(one.ratios):.2f}** ({one.ratios[0]:.2f} to {one.ratios[-1]:.2f}) | {_pair(one, 0.5)} | {_pair(one, 0.99)} "
        f"| {one.a_second(OURS):.0f} / {one.a_second(BARE):.0f} |"
        for one in result.found
    ]
    others = [
        f"| {NAMES[which]} | {median(result.cold_starts[which]):.2f} | {result.memory_mb[which]['Rss']:.0f} "
        f"| {result.memory_mb[which]['Pss']:.0f} |"
        for which in BOTH
    ]
    calls = ", ".join(f"{calls} calls with {size}" for size, calls in plan.calls.items())
    return _PAGE.format(
        rows="\n".join(rows),
        others="\n".join(others),
        bars="\n".join(f"- {line}" for line in bars(result)),
        machine=machine(),
        bodies=bodies,
        rounds=plan.rounds,
        starts=plan.starts,
        calls=calls,
    )


def machine() -> str:
    """Where and with what it was measured."""
    model = [
        line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")
    ]
    parts = {name: version(name) for name in ("gunicorn", "flask", "werkzeug", "orjson", "sqlalchemy")}
    return (
        f"{model[0] if model else platform.processor()}, {os.cpu_count()} cores, Linux {platform.release()}, "
        f"{platform.python_implementation()} {platform.python_version()}, "
        f"{', '.join(f'{name} {release}' for name, release in parts.items())}; {date.today().isoformat()}"
    )


_PAGE = """# What a call costs

`make bench` measures a `patient-view` call against the smallest Flask service that could stand in its place: it parses the body
with the standard `json` module and answers no cards. Both run under the same gunicorn (our worker class and options, one worker
each), at the same time, and are asked in turn. This service runs as it is shipped: all cards, the log, the counts, and a memory
in SQLite that is written with every call. This page is written by that command.

## Found

{bars}

CPU time is that of the worker process, in user mode and in the system, all of its threads. The ratio is the median over pairs of
rounds, with the lowest and the highest pair behind it. Of two figures the first is this service, the second the bare one.

| resources | body kB | connections | CPU ms, this service | CPU ms, bare Flask | ratio | p50 ms | p99 ms | calls a second |
|---|---|---|---|---|---|---|---|---|
{rows}

| | first answer after s | worker, resident MB | worker, its share (PSS) MB |
|---|---|---|---|
{others}

With eight connections the worker, the callers and the other service's idle threads share the cores, so that latency and calls
a second say as much about the machine as about the service.

## How

- Machine: {machine}.
- Bodies: {bodies}.
- {rounds} rounds; in each, one after the other, {calls} resources to each of the two, in an order that changes. Every call
  has a `hookInstance` of its own and must be answered with 200. A shorter round before warms up.
- Memory is that of the worker after the last round. The first answer is that of `/readyz`, counted from the command, the median
  of {starts} starts; the bare service reads no content and opens no database.

`make bench` does it again. `.venv/bin/python -m tests.bench --bodies DIR --now MOMENT` takes `n10.json`, `n100.json` and
`n1000.json` from a folder instead, with prefetch by resource type; `--write` writes this page.
"""
