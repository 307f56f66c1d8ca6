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
    found = [Flag("a mass on the nerve is reported", r.when, (r.ref,)) for r in chart.reports if MASS in r.conclusions]
    found += [Flag("a mass on the nerve is recorded", when, (ref,)) for _, when, ref in signs(chart, MASS)]
    return tuple(found)


@finding(reads=("problems", "readings", "reports"))
def mass_on_nerve_reported(chart: Chart) -> Finding:
    """A mass in contact with the sciatic or pudendal nerve is the coded conclusion of a report, a current problem or a coded
    finding. When none is recorded the answer is unknown, never no."""
    return raised(masses(chart))


@phrase(reads=("problems", "readings", "reports"))
def mass_found(chart: Chart) -> str:
    """Where the mass is recorded, with the day."""
    return told(masses(chart))
