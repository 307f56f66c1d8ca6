"""A mass in contact with the sciatic or pudendal nerve."""

from __future__ import annotations

from .answers import Finding
from .chart import Chart, once
from .suspicion import Flag, raised, signs, told
from .vocabulary import concept, finding, phrase

MASS = concept("mass-on-nerve")


@once
def masses(chart: Chart) -> tuple[Flag, ...]:
    """A mass in contact with the sciatic or pudendal nerve is reported or recorded."""
    reported = [
        Flag("a mass on the nerve is reported", report.when, (report.ref,))
        for report in chart.reports
        if MASS in report.conclusions
    ]
    return (*reported, *(Flag("a mass on the nerve is recorded", w, (ref,)) for _, w, ref in signs(chart, MASS)))


@finding(reads=("problems", "readings", "reports"))
def mass_on_nerve_reported(chart: Chart) -> Finding:
    """A mass in contact with the sciatic or pudendal nerve is the coded conclusion of a report, a current problem or a coded
    finding. When none is recorded the answer is unknown, never no."""
    return raised(masses(chart))


@phrase(reads=("problems", "readings", "reports"))
def mass_found(chart: Chart) -> str:
    """Where the mass is recorded, with the day."""
    return told(masses(chart))
