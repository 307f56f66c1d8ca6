"""Physiotherapy: what was ordered, begun and finished, and the clock that starts at the first attended visit."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from .answers import Answer, Finding, no, unknown, yes
from .chart import Chart, Plan, Request, Treatment, once
from .dates import When, within
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


class Episode(NamedTuple):
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
    if not chart.contacts and not chart.treatments:
        return None
    visits: dict[date, list[str]] = {}
    attended: list[tuple[When | None, str]] = []
    attended += [(c.when, c.ref) for c in chart.contacts if c.took_place and _VISIT in c.concepts]
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


def started_or_ordered(chart: Chart) -> date | None:
    """The first visit of the episode; without a visit the earliest open order of the last 180 days."""
    current = episode(chart)
    if current:
        return current.start
    return min((request.when.earliest for request in _open_orders(chart) if request.when), default=None)


def _open_orders(chart: Chart) -> list[Request]:
    ordered = [r for r in chart.requests if r.active and _ORDER in r.concepts]
    return [r for r in ordered if within(r.when, _ORDER_DAYS, chart.today) is Answer.YES]


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
            later = chart.unread("contacts", "treatments")  # a visit since then may be among what was not read
            return None if later else Status.COMPLETED, told, current.refs
        idle = (chart.today - current.last).days
        if chart.unread("plans") or (idle >= _DISCHARGE_DAYS and chart.unread("treatments")):
            return None, f"{told}; whether the programme is finished could not be read", current.refs
        return Status.IN_PROGRESS, told, current.refs
    if gaps := chart.unread("contacts", "treatments"):
        return None, f"{', '.join(g.what for g in gaps)} could not be read", ()
    over = [*(plan.ref for plan in _finished_plans(chart)), *(discharge.ref for discharge in _discharges(chart))]
    if over:
        return Status.COMPLETED, "a finished programme is recorded, its visits are not", tuple(over)
    for request in _open_orders(chart):
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
    newer = (chart.today - current.last).days >= _EPISODE_GAP  # a visit since then would begin another episode
    if (passed < days or newer) and chart.unread("contacts", "treatments"):
        return unknown("other visits may not have been read", *current.refs)
    return (yes if passed >= days else no)(f"day {passed} since the first visit", *current.refs)


def care_days(chart: Chart) -> int | None:
    """Days since the first attended visit; 0 when it is known that there was none. None when visits could not be read, or
    when a finished programme is recorded without its visits."""
    current = episode(chart)
    if current:
        hidden = (chart.today - current.last).days >= _EPISODE_GAP and chart.unread("contacts", "treatments")
        return None if hidden else (chart.today - current.start).days  # a newer episode may be among what was not read
    found, _, _ = status(chart)
    return 0 if found in (Status.NONE, Status.ORDERED) else None


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
        return "No visit recorded"
    passed = (chart.today - current.start).days
    return f"Day {passed} (week {passed // 7}) since the first visit on {current.start}, {len(current.days)} visits"
