"""Hamstring injuries: grade, and the complete avulsion that must not be loaded first."""

from __future__ import annotations

from .answers import Answer, Finding, unknown
from .chart import Chart, Problem, once
from .dates import within
from .suspicion import Flag, raised, signs, told
from .syndromes import Syndrome, core_problems, syndromes
from .vocabulary import concept, finding, phrase
from .weakness import deficits

_NO_WALKING = concept("unable-to-bear-weight")
_AVULSION, _RETRACTION = concept("hamstring-avulsion"), concept("hamstring-retraction")
_GAP_FELT, _GRADE_3 = concept("tendon-gap"), concept("hamstring-grade-3")


@once
def avulsions(chart: Chart) -> tuple[Flag, ...]:
    """Complete proximal hamstring avulsion or retraction of 2 cm or more; or grade III within 42 days with a deficit, a
    palpable gap or inability to walk. Older than 183 days is routine. Each flag counts from the injury."""
    injuries = [p for s, p in core_problems(chart) if s is Syndrome.HAMSTRING]
    recent = [p for p in injuries if p.began is None or within(p.began, 183, chart.today) is not Answer.NO]
    if not recent:
        return ()
    return tuple(Flag(because, injury.began, refs) for because, refs in _tears(chart, recent) for injury in recent)


def _tears(chart: Chart, injuries: list[Problem]) -> list[tuple[str, tuple[str, ...]]]:
    found: list[tuple[str, tuple[str, ...]]] = [
        ("complete proximal hamstring avulsion is recorded", (ref,)) for _, _, ref in signs(chart, _AVULSION)
    ]
    found += [
        ("complete proximal hamstring avulsion is reported", (report.ref,))
        for report in chart.reports
        if _AVULSION in report.conclusions
    ]
    for reading in chart.readings_of(_RETRACTION):
        if reading.value is not None:
            if reading.value / {"cm": 1.0, "mm": 10.0}.get(reading.unit or "", 1e9) >= 2:
                found.append(("tendon retraction of 2 cm or more", (reading.ref,)))
    severe = [p for p in injuries if _GRADE_3 in p.concepts and within(p.began, 42, chart.today) is Answer.YES]
    worrying = [ref for _, _, ref in signs(chart, _GAP_FELT, _NO_WALKING)]
    if severe and (worrying or deficits(chart)):
        found.append(("grade III injury with a deficit, a gap or inability to walk", (severe[0].ref, *worrying)))
    return found


@finding(reads=("problems", "readings", "reports"))
def avulsion_suspected(chart: Chart) -> Finding:
    """A hamstring injury is current and at most 183 days old or undated, and there is a complete proximal avulsion or a
    retraction of 2 cm or more (problem, coded finding or report); or it is of grade III, at most 42 days old, with new leg
    weakness, a palpable gap or inability to walk. When none is recorded the answer is unknown, never no."""
    return raised(avulsions(chart))


@phrase(reads=("problems", "readings", "reports"))
def avulsion_found(chart: Chart) -> str:
    """What speaks for a complete avulsion."""
    return told(avulsions(chart), dated=False)


@finding(reads=("problems",))
def hamstring_grade_unknown(chart: Chart) -> Finding:
    """A hamstring injury is current, and its grade is not recorded."""
    if hamstring_grade(chart) is None and chart.unread("problems"):
        return unknown("the problem list could not be read")
    if hamstring_grade(chart) is None:
        return Finding(Answer.of(Syndrome.HAMSTRING in syndromes(chart)), "no grade is recorded")
    return Finding(Answer.NO, f"grade {hamstring_grade(chart)}")


@finding(reads=("problems",))
def hamstring_grade_is(chart: Chart, grade: int) -> Finding:
    """The recorded grade (1 to 3) of the current hamstring injury. Unknown without one."""
    recorded = hamstring_grade(chart)
    if recorded is None:
        return unknown("no grade is recorded")
    return Finding(Answer.of(recorded == grade), f"grade {recorded}")


@once
def hamstring_grade(chart: Chart) -> int | None:
    """The highest grade that a current hamstring problem carries."""
    grades = [
        n
        for syndrome, problem in core_problems(chart)
        if syndrome is Syndrome.HAMSTRING
        for n in (1, 2, 3)
        if f"hamstring-grade-{n}" in problem.concepts
    ]
    return max(grades, default=None)
