"""Whether a hip score and a pain score are there to measure a physiotherapy programme by."""

from __future__ import annotations

from .answers import Answer, Finding, all_of, any_of, no, unknown
from .chart import Chart
from .dates import within
from .outcomes import PAIN_DAYS, pain_now, pain_value
from .physiotherapy import started_or_ordered
from .vocabulary import concept, finding, phrase

_PAIN, _HIP_SCORE = concept("pain-score"), concept("hip-score")

# Encodings, section 9.7: any hip score from 28 days before the first visit (or the order) on is one of the episode.
_BEFORE = 28


def _hip_score(chart: Chart) -> Answer | None:
    """Is there a hip score of this episode? None without an episode or an order."""
    start = started_or_ordered(chart)
    if start is None:
        return None
    days = (chart.today - start).days + _BEFORE
    scores = (r for r in chart.readings_of(_HIP_SCORE) if r.value is not None)
    return any_of(within(score.when, days, chart.today) for score in scores)


def _pain_score(chart: Chart) -> Answer:
    scores = (r for r in chart.readings_of(_PAIN) if pain_value(r) is not None)
    return any_of(within(score.when, PAIN_DAYS, chart.today) for score in scores)


_TOLD = {Answer.YES: "recorded", Answer.NO: "none", Answer.UNKNOWN: "not clearly dated"}
_READS = ("readings", "contacts", "treatments", "requests")


@finding(reads=_READS)
def scores_missing(chart: Chart) -> Finding:
    """No hip score dated 28 days before the first physiotherapy visit (or the order) or later, or no pain score within 90
    days. Unknown when the scores could not be read."""
    hip, pain = _hip_score(chart), _pain_score(chart)
    if hip is None:
        return Finding(chart.absence("contacts", "treatments", "requests"), "physiotherapy is neither ordered nor begun")
    told = f"hip score: {_TOLD[hip]}; pain score: {_TOLD[pain]}"
    recorded = all_of((hip, pain))
    if recorded is Answer.YES:
        return no(told)
    if chart.unread("readings"):
        return unknown("scores could not be read")
    return Finding(~recorded, told)


@phrase(reads=_READS)
def scores_recorded(chart: Chart) -> str:
    """Whether a hip score of this episode is recorded, and the newest pain score of the last 90 days."""
    hip = "hip score recorded" if _hip_score(chart) is Answer.YES else "no hip score in this episode"
    return f"{hip}; {pain_now(chart)}"
