"""Physiotherapy: what was ordered, begun and finished, and the clock that starts at the first attended visit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from .answers import Answer, Finding, no, unknown, yes
from .chart import Chart, Plan, Treatment, once
from .dates import within
from .vocabulary import concept, finding, phrase

_VISIT = concept("physiotherapy-visit")
_ORDER = concept("physiotherapy-order")
_PLAN = concept("exercise-plan")
_DISCHARGE = concept("physiotherapy-discharge")
_REASSESSMENT = concept("reassessment")

# Pathway specification, part D: visits 90 days or more apart are two episodes; an order counts for 180 days; a discharge
# closes the episode once 42 days have passed without a visit; a reassessment counts from day 28 and for 42 days.
_EPISODE_GAP, _ORDER_DAYS, _DISCHARGE_DAYS, _REASSESS_FROM, _REASSESS_DAYS = 90, 180, 42, 28, 42


class Status(StrEnum):
    NONE = "none"
    ORDERED = "ordered"
    IN_PROGRESS = "in progress"
    COMPLETED = "completed"


@dataclass(frozen=True, slots=True)
class Episode:
    """The current physiotherapy episode: distinct local days with an attended visit."""

    days: tuple[date, ...]
    refs: tuple[str, ...]

    @property
    def start(self) -> date:
        return self.days[0]

    @property
    def last(self) -> date:
        return self.days[-1]


@once
def episode(chart: Chart) -> Episode | None:
    """The latest visits that lie less than 90 days apart. An order, a referral or an appointment is not a visit."""
    visits: dict[date, list[str]] = {}
    attended = [(c.when, c.ref) for c in chart.contacts if c.took_place and _VISIT in c.concepts]
    attended += [(t.when, t.ref) for t in chart.treatments if _VISIT in t.concepts]
    for when, ref in attended:
        if when and when.exact and when.latest <= chart.today:
            visits.setdefault(when.latest, []).append(ref)
    days = sorted(visits)
    if not days:
        return None
    first = len(days) - 1
    while first and (days[first] - days[first - 1]).days < _EPISODE_GAP:
        first -= 1
    current = days[first:]
    return Episode(tuple(current), tuple(ref for day in current for ref in visits[day]))


def _closed(chart: Chart, current: Episode) -> bool:
    if (chart.today - current.last).days > _EPISODE_GAP:
        return True
    if any(plan.ended is None or plan.ended.latest >= current.start for plan in _finished_plans(chart)):
        return True
    discharged = any(t.when and current.start <= t.when.latest <= chart.today for t in _discharges(chart))
    return discharged and (chart.today - current.last).days >= _DISCHARGE_DAYS


def _finished_plans(chart: Chart) -> list[Plan]:
    return [plan for plan in chart.plans if plan.finished and _PLAN in plan.concepts]


def _discharges(chart: Chart) -> list[Treatment]:
    return [treatment for treatment in chart.treatments if _DISCHARGE in treatment.concepts]


@once
def status(chart: Chart) -> tuple[Status | None, str, tuple[str, ...]]:
    """Where physiotherapy stands, why, and on what records; None when it cannot be told."""
    current = episode(chart)
    if current:
        told = f"{len(current.days)} visits since {current.start}, the last on {current.last}"
        if _closed(chart, current):
            return Status.COMPLETED, told, current.refs
        if chart.unread("plans"):
            return None, f"{told}; whether the programme is finished could not be read", current.refs
        return Status.IN_PROGRESS, told, current.refs
    over = [*(plan.ref for plan in _finished_plans(chart)), *(discharge.ref for discharge in _discharges(chart))]
    if over:
        return Status.COMPLETED, "a finished programme is recorded, its visits are not", tuple(over)
    if gaps := chart.unread("contacts", "treatments"):
        return None, f"{', '.join(g.what for g in gaps)} could not be read", ()
    for request in chart.requests:
        if request.active and _ORDER in request.concepts and within(request.when, _ORDER_DAYS, chart.today) is Answer.YES:
            return Status.ORDERED, f"ordered {request.when}, no visit yet", (request.ref,)
    if gaps := chart.unread("requests", "plans"):
        return None, f"{', '.join(g.what for g in gaps)} could not be read", ()
    return Status.NONE, "no visit and no order is recorded", ()


def _is(chart: Chart, *wanted: Status) -> Finding:
    found, told, refs = status(chart)
    if found is None:
        return unknown(told, *refs)
    return (yes if found in wanted else no)(told, *refs)


_READS = ("contacts", "treatments", "requests", "plans")


@finding(reads=_READS)
def physiotherapy_not_started(chart: Chart) -> Finding:
    """No physiotherapy visit is recorded and no order of the last 180 days is open. Unknown when visits or orders could
    not be read."""
    return _is(chart, Status.NONE)


@finding(reads=_READS)
def physiotherapy_in_progress(chart: Chart) -> Finding:
    """A visit took place within the last 90 days and the programme is not finished."""
    return _is(chart, Status.IN_PROGRESS)


@finding(reads=_READS)
def physiotherapy_arranged(chart: Chart) -> Finding:
    """Physiotherapy is ordered or in progress."""
    return _is(chart, Status.ORDERED, Status.IN_PROGRESS)


@finding(reads=("contacts", "treatments"))
def physiotherapy_days_at_least(chart: Chart, days: int) -> Finding:
    """At least this many days since the first attended visit of the current episode; 41 days are not six weeks, 42 are."""
    current = episode(chart)
    if current is None:
        return Finding(chart.absence("contacts", "treatments"), "no visit is recorded")
    passed = (chart.today - current.start).days
    if passed < days and chart.unread("contacts", "treatments"):
        return unknown("earlier visits may not have been read", *current.refs)
    return (yes if passed >= days else no)(f"day {passed} since the first visit", *current.refs)


def visits_more_than(chart: Chart, visits: int) -> Answer:
    """More attended days than this in the episode? A count over a failed read is UNKNOWN unless it is already passed."""
    current = episode(chart)
    counted = len(current.days) if current else 0
    if counted > visits:
        return Answer.YES
    return chart.absence("contacts", "treatments")


@finding(reads=("contacts", "treatments", "plans"))
def reassessed(chart: Chart) -> Finding:
    """A reassessment is recorded on day 28 or later of the episode and within the last 42 days."""
    current = episode(chart)
    events = [(t.concepts, t.when, t.ref) for t in chart.treatments if t.completed]
    events += [(c.concepts, c.when, c.ref) for c in chart.contacts if c.took_place]
    for concepts, when, ref in events:
        if current and _REASSESSMENT in concepts and within(when, _REASSESS_DAYS, chart.today) is Answer.YES:
            if when and (when.latest - current.start) >= timedelta(days=_REASSESS_FROM):
                return yes(f"reassessed {when}", ref)
    return Finding(chart.absence("contacts", "treatments"), "no reassessment is recorded")


@phrase(reads=("contacts", "treatments"))
def physiotherapy_so_far(chart: Chart) -> str:
    """Days, weeks and visits since the first attended visit."""
    current = episode(chart)
    if current is None:
        return "no visit recorded"
    passed = (chart.today - current.start).days
    return f"day {passed} (week {passed // 7}) since the first visit on {current.start}, {len(current.days)} visits"
