"""Phases in which physiotherapy follows other rules: after an operation, after a complete tear, early after a severe one."""

from __future__ import annotations

from .answers import Answer, Finding, any_found, no, unknown, yes
from .chart import Chart
from .dates import Event, happened_lately
from .outcomes import many_visits_without_improvement
from .syndromes import Syndrome, core_problems
from .vocabulary import concept, finding

_SURGERY, _AVULSION = concept("deep-gluteal-surgery"), concept("hamstring-avulsion")
_GRADE_3 = concept("hamstring-grade-3")
_ORDER, _PROTOCOL = concept("physiotherapy-order"), concept("postoperative-protocol")

# Rehabilitation after an operation counts for a year; its early phase, and that of a grade III injury, for six weeks.
_YEAR, _EARLY = 365, 42


def _operated(chart: Chart, days: int) -> Finding:
    operations = (Event("operated", t.when, t.ref) for t in chart.treatments if _SURGERY in t.concepts)
    otherwise = Finding(chart.absence("treatments"), f"no operation within {days} days is recorded")
    return happened_lately(operations, days, chart.today, otherwise)


def _torn(chart: Chart) -> Finding:
    for problem in chart.problems_of(_AVULSION):
        return yes("complete hamstring tear recorded", problem.ref)
    for reading in chart.readings_of(_AVULSION):
        if reading.present is not False:
            return yes("complete hamstring tear recorded", reading.ref)
    for report in chart.reports:
        if _AVULSION in report.conclusions:
            return yes("complete hamstring tear reported", report.ref)
    return Finding(chart.absence("problems", "readings", "reports"), "no complete tear is recorded")


def _severe_and_early(chart: Chart) -> Finding:
    injuries = (
        Event("grade III hamstring injury", problem.began, problem.ref)
        for syndrome, problem in core_problems(chart)
        if syndrome is Syndrome.HAMSTRING and _GRADE_3 in problem.concepts
    )
    otherwise = Finding(chart.absence("problems"), "no recent grade III injury is recorded")
    return happened_lately(injuries, _EARLY, chart.today, otherwise)


@finding(reads=("contacts", "treatments", "problems", "readings", "reports"))
def visits_due_for_review(chart: Chart) -> Finding:
    """More than 14 visits in the episode without recorded improvement (a review prompt, never a reason to deny care), and
    neither an operation at the sciatic nerve, the piriformis or the ischiofemoral space within 365 days nor a complete
    proximal hamstring tear at any time: rehabilitation after these takes longer."""
    many = many_visits_without_improvement(chart)
    if many.answer is Answer.NO:
        return many
    longer = any_found([_operated(chart, _YEAR), _torn(chart)], "neither an operation nor a complete tear is recorded")
    if longer.answer is Answer.YES:
        return no(longer.because, *longer.resources)
    return many if longer.answer is Answer.NO else unknown(f"{many.because}; {longer.because}", *many.resources)


@finding(reads=())
def postoperative_protocol_attached(chart: Chart) -> Finding:
    """A selected physiotherapy order carries a post-operative protocol."""
    for draft in chart.selected:
        if draft.is_of(_ORDER) and _PROTOCOL in draft.details:
            return yes("a post-operative protocol is attached", draft.ref)
    return no("no post-operative protocol on the order")


@finding(reads=("treatments", "problems"))
def acute_or_postoperative(chart: Chart) -> Finding:
    """A grade III hamstring injury or an operation within 42 days, or a post-operative protocol on the selected order."""
    early = [postoperative_protocol_attached(chart), _operated(chart, _EARLY), _severe_and_early(chart)]
    return any_found(early, "neither an operation nor a severe injury of late")
