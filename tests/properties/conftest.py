"""How many charts a run makes, and what they reached, told at its end."""

from __future__ import annotations

import os
from collections import Counter

import pytest
from hypothesis import settings

# charts in all, and in how many parts they are run (each part with a seed of its own, on whatever worker is free)
PROFILES = {"ci": (10_000, 4), "slow": (1_000_000, 40)}
PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "ci")

for _name, (_charts, _parts) in PROFILES.items():
    settings.register_profile(
        _name, max_examples=_charts // _parts, derandomize=True, database=None, deadline=None, print_blob=True
    )
settings.load_profile(PROFILE)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each part of the charts."""
    if "part" in metafunc.fixturenames:
        metafunc.parametrize("part", range(PROFILES[PROFILE][1]))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [r for found in terminalreporter.stats.values() for r in found if isinstance(r, pytest.TestReport)]
    told = Counter[str]()
    for report in reports:
        for name, number in report.user_properties:
            if report.when == "call" and name.startswith(("charts", "card ", "offer ")) and isinstance(number, int):
                told[name] += number
    if told["charts"]:
        terminalreporter.write_line(f"{told.pop('charts')} generated charts, every property on each; cards and offers reached:")
        terminalreporter.write_line(", ".join(f"{name} {number}" for name, number in sorted(told.items())))
