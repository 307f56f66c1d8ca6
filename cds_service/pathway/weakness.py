"""New weakness of a leg."""

from __future__ import annotations

from datetime import date

from .answers import Answer, Finding
from .chart import Chart, Reading, once
from .dates import When, within
from .suspicion import Flag, raised, recorded, told
from .vocabulary import concept, finding, phrase

_WEAK_LEG, _WEAK_MUSCLE = concept("leg-weakness"), concept("muscle-weakness")
_LEG_WORDS, _STRENGTH = concept("leg-words"), concept("limb-strength")
_OTHER_CAUSE = concept("other-cause-of-weakness")
_NEVER = When(date.min, date.min)


@once
def deficits(chart: Chart) -> tuple[Flag, ...]:
    """Foot drop or leg weakness of the last 90 days; strength 3/5 or less within 30 days, or a fall of one grade.
    Each kind from the earliest on, in whatever order the records came."""
    if any(p.current is Answer.YES for p in chart.problems_of(_OTHER_CAUSE)):
        return ()
    found = []
    for problem in chart.problems_of_any((_WEAK_LEG, _WEAK_MUSCLE)):
        weak = _WEAK_LEG in problem.concepts or _LEG_WORDS in problem.concepts
        if weak and problem.current is Answer.YES and within(problem.began, 90, chart.today) is Answer.YES:
            found.append(recorded(problem.name, problem.began, problem.ref))
    found.sort(key=lambda f: (f.since or _NEVER, f.refs, f.because))
    return (*found, *_weak_readings(chart))


def _weak_readings(chart: Chart) -> list[Flag]:
    measured = [
        (r.when, r.ref, r.value, r) for r in chart.readings_of(_STRENGTH) if r.value is not None and 0 <= r.value <= 5 and r.when
    ]
    if not measured:
        return []
    strengths = [(reading, value) for _, _, value, reading in sorted(measured, key=lambda m: m[:3])]
    found = []
    for reading, value in strengths:
        if within(reading.when, 30, chart.today) is not Answer.YES:
            continue
        earlier = [(r, v) for r, v in strengths if _same_movement(r, reading) and _before(r, reading)]
        if value <= 3:
            found.append(Flag(f"strength {value:g} of 5", _since(reading, value, earlier), (reading.ref,)))
        elif earlier and max(v for _, v in earlier) - value >= 1:
            found.append(Flag(f"strength fell to {value:g} of 5", _since(reading, value, earlier), (reading.ref,)))
    return found


def _since(reading: Reading, value: float, earlier: list[tuple[Reading, float]]) -> When | None:
    """The day on which this weakness was first measured: a value that differs by less than one grade continues it."""
    since = reading.when
    dated = sorted(((r.when.latest, r.when, v) for r, v in earlier if r.when), key=lambda e: e[0], reverse=True)
    for _, when, strength in dated:
        if abs(strength - value) >= 1:
            break
        since = when
    return since


def _same_movement(one: Reading, other: Reading) -> bool:
    return one.code == other.code and one.sides == other.sides


def _before(one: Reading, other: Reading) -> bool:
    return one.when is not None and other.when is not None and one.when.latest < other.when.earliest


@finding(reads=("problems", "readings"))
def new_leg_weakness(chart: Chart) -> Finding:
    """Foot drop or leg weakness began in the last 90 days, or the strength of a movement was 3 of 5 or less, or one grade
    less than before, in the last 30 days. Not with a coded other cause, such as stroke, multiple sclerosis or polio. When
    none is recorded the answer is unknown, never no."""
    return raised(deficits(chart))


@phrase(reads=("problems", "readings"))
def weakness_found(chart: Chart) -> str:
    """The leg weakness that is recorded, with the day on which it began or was first measured."""
    return told(deficits(chart))
