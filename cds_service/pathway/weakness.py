"""New weakness of a leg."""

from __future__ import annotations

from .answers import Answer, Finding, yes
from .chart import Chart, Reading
from .dates import within
from .suspicion import never_excluded
from .vocabulary import concept

_WEAK_LEG, _WEAK_MUSCLE = concept("leg-weakness"), concept("muscle-weakness")
_LEG_WORDS, _STRENGTH = concept("leg-words"), concept("limb-strength")
_OTHER_CAUSE = concept("other-cause-of-weakness")


@never_excluded
def motor_deficit(chart: Chart) -> Finding | None:
    """Foot drop or leg weakness of the last 90 days; strength 3/5 or less within 30 days, or a fall of one grade."""
    if any(p.current is Answer.YES and _OTHER_CAUSE in p.concepts for p in chart.problems):
        return None
    for problem in chart.problems:
        weak = _WEAK_LEG in problem.concepts or {_WEAK_MUSCLE, _LEG_WORDS} <= problem.concepts
        if weak and problem.current is Answer.YES and within(problem.began, 90, chart.today) is Answer.YES:
            return yes(f"recorded: {problem.name}", problem.ref)
    return _weak_reading(chart)


def _weak_reading(chart: Chart) -> Finding | None:
    strengths = [r for r in chart.readings if _STRENGTH in r.concepts and r.value is not None and 0 <= r.value <= 5 and r.when]
    for reading in strengths:
        if within(reading.when, 30, chart.today) is not Answer.YES or reading.value is None:
            continue
        if reading.value <= 3:
            return yes(f"strength {reading.value:g} of 5", reading.ref)
        earlier = [r.value for r in strengths if _same_movement(r, reading) and _before(r, reading) and r.value is not None]
        if earlier and max(earlier) - reading.value >= 1:
            return yes(f"strength fell to {reading.value:g} of 5", reading.ref)
    return None


def _same_movement(one: Reading, other: Reading) -> bool:
    return one.code == other.code and one.sides == other.sides


def _before(one: Reading, other: Reading) -> bool:
    return one.when is not None and other.when is not None and one.when.latest < other.when.earliest
