"""Hamstring injuries: grade, and the complete avulsion that must not be loaded first."""

from __future__ import annotations

from .answers import Answer, Finding, unknown, yes
from .chart import Chart, once
from .dates import within
from .suspicion import never_excluded, signs
from .syndromes import Syndrome, core_problems, syndromes
from .vocabulary import concept, finding
from .weakness import motor_deficit

_NO_WALKING = concept("unable-to-bear-weight")
_AVULSION, _RETRACTION = concept("hamstring-avulsion"), concept("hamstring-retraction")
_GAP_FELT, _GRADE_3 = concept("tendon-gap"), concept("hamstring-grade-3")


@never_excluded
def avulsion(chart: Chart) -> Finding | None:
    """Complete proximal hamstring avulsion or retraction of 2 cm or more; or grade III within 42 days with a deficit, a
    palpable gap or inability to walk. Older than 183 days is routine."""
    injuries = [p for s, p in core_problems(chart) if s is Syndrome.HAMSTRING]
    if not injuries or all(p.began and within(p.began, 183, chart.today) is Answer.NO for p in injuries):
        return None
    for concepts, _, ref in signs(chart):
        if _AVULSION in concepts:
            return yes("complete proximal hamstring avulsion is recorded", ref)
    for report in chart.reports:
        if _AVULSION in report.conclusions:
            return yes("complete proximal hamstring avulsion is reported", report.ref)
    for reading in chart.readings:
        if _RETRACTION in reading.concepts and reading.value is not None:
            if reading.value / {"cm": 1.0, "mm": 10.0}.get(reading.unit or "", 1e9) >= 2:
                return yes("tendon retraction of 2 cm or more", reading.ref)
    severe = [p for p in injuries if _GRADE_3 in p.concepts and within(p.began, 42, chart.today) is Answer.YES]
    worrying = [ref for concepts, _, ref in signs(chart) if not concepts.isdisjoint({_GAP_FELT, _NO_WALKING})]
    if severe and (worrying or motor_deficit(chart).answer is Answer.YES):
        return yes("grade III injury with a deficit, a gap or inability to walk", severe[0].ref, *worrying)
    return None


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
