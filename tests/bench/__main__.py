"""The command line."""

from __future__ import annotations

import argparse
from pathlib import Path

from .bodies import SIZES, own, read
from .report import PAGE, page, table
from .run import FULL, Plan, run

OWN = "made from a persona of this repository and the records of an ordinary life (`tests/bench/bodies.py`), about 1 kB each"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="What a call costs, against bare Flask.")
    parser.add_argument("--bodies", type=Path, metavar="DIR", help="n10.json, n100.json and n1000.json instead of our own bodies")
    parser.add_argument("--now", help="the moment of evaluation (default: the day of the fixtures; 2026-11-22 with --bodies)")
    parser.add_argument("--rounds", type=int, default=FULL.rounds)
    parser.add_argument("--write", action="store_true", help="write docs/benchmark.md")
    options = parser.parse_args()
    plan = Plan(FULL.calls, options.rounds, min(FULL.starts, options.rounds))
    now = options.now or ("2026-11-22T12:00:00+00:00" if options.bodies else "2026-03-02T12:00:00+00:00")
    bodies = [read(options.bodies, size) if options.bodies else own(size) for size in SIZES]
    result = run(bodies, plan, now)
    print(table(result))
    if options.write:
        PAGE.write_text(page(result, plan, f"those in `{options.bodies}`" if options.bodies else OWN), encoding="utf-8")
        print(PAGE)


if __name__ == "__main__":
    main()
