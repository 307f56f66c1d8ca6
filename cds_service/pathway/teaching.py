"""Education and activity advice: whether it is recorded for this spell of pain."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from .answers import Answer, Finding, no, unknown, yes
from .chart import Chart
from .dates import When
from .syndromes import core_problems
from .vocabulary import concept, finding

_EDUCATION = concept("education")


def _given(chart: Chart) -> Iterable[tuple[When | None, str]]:
    for treatment in chart.treatments:
        if treatment.completed and _EDUCATION in treatment.concepts:
            yield treatment.when, treatment.ref
    for item in chart.teaching:
        yield item.when, item.ref
    for plan in chart.plans:
        if _EDUCATION in plan.concepts:
            yield plan.began, plan.ref


def _since(when: When | None, onset: date | None, today: date) -> Answer:
    """Was it given in this spell of pain? Without an onset any date counts."""
    if when is None:
        return Answer.YES if onset is None else Answer.UNKNOWN
    happened = when.happened(today)
    if onset is None or happened is Answer.NO or when.earliest >= onset:
        return happened
    return Answer.NO if when.latest < onset else Answer.UNKNOWN


@finding(reads=("treatments", "teaching", "plans", "problems"))
def education_not_recorded(chart: Chart) -> Finding:
    """No education of the patient is recorded on or after the onset of the pathway problem: no procedure, message, document
    or care plan. Without an onset any date counts. Unknown when one of them could not be read, or is not clearly dated."""
    onset = min((problem.began.earliest for _, problem in core_problems(chart) if problem.began), default=None)
    undated: str | None = None
    for when, ref in _given(chart):
        counts = _since(when, onset, chart.today)
        if counts is Answer.YES:
            return no(f"education is recorded{f' ({when})' if when else ''}", ref)
        if counts is Answer.UNKNOWN:
            undated = ref
    if gaps := chart.unread("treatments", "teaching", "plans"):
        return unknown(f"{', '.join(dict.fromkeys(g.what for g in gaps))} could not be read")
    if undated:
        return unknown("education is recorded, not clearly when", undated)
    return yes("no education is recorded since the onset")
