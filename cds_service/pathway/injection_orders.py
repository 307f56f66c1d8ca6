"""Injections that are being ordered: how many there were before, and what is open about this one."""

from __future__ import annotations

from .answers import Answer, Finding, any_of, no, unknown, yes
from .chart import Chart, Draft
from .dates import within
from .infection import infection_suspected
from .injections import DEEP_GLUTEAL, REGIONS, counts_as_steroid, given, same_side
from .medicines import drafted, taken
from .outcomes import improved
from .physiotherapy import care_days
from .vocabulary import concept, finding, phrase

_GUIDANCE, _DIAGNOSTIC = concept("image-guidance"), concept("intent-diagnostic")
_ANTICOAGULANTS = concept("med-anticoagulant")
# Pathway specification, conflict B-10: before day 42 only as a test, to day 89 with documented non-response.
_EARLY, _LATE = 42, 90


def _steroid_orders(chart: Chart) -> list[tuple[Draft, str]]:
    """The selected steroid injections with their region."""
    found = [(d, r) for d in chart.selected for r in REGIONS if d.medicine is None and r in d.concepts]
    return [(d, r) for d, r in found if counts_as_steroid(d.details)]


@finding(reads=("treatments",))
def steroid_limit_reached(chart: Chart, count: int, days: int, apart: int) -> Finding:
    """A steroid injection is selected (an uncoded agent counts as steroid), and at its region and side there were already
    ``count`` within ``days``, or the last one lies less than ``apart`` days back. An unknown side counts as the same side."""
    orders = _steroid_orders(chart)
    if not orders:
        return no("no steroid injection is selected")
    undecided = bool(chart.unread("treatments"))
    for draft, region in orders:
        before = [t for t in given(chart, region) if counts_as_steroid(t.details) and same_side(t.sides, draft.sides)]
        recent = [within(t.when, days, chart.today) for t in before]
        close = any_of(within(t.when, apart - 1, chart.today) for t in before)
        if recent.count(Answer.YES) >= count or close is Answer.YES:
            last = before[-1]
            told = f"{recent.count(Answer.YES)} steroid injections within {days} days, the last {last.when}"
            return yes(told, draft.ref, *(t.ref for t in before))
        possible = len(recent) - recent.count(Answer.NO)
        undecided = undecided or close is Answer.UNKNOWN or possible >= count
    if undecided:
        return unknown("earlier injections could not be read in full", *(d.ref for d, _ in orders))
    return no(f"fewer than {count} within {days} days, none within {apart}", *(d.ref for d, _ in orders))


def _timing(chart: Chart, order: Draft) -> str | None:
    """What is open about the time; nothing when physiotherapy cannot be told."""
    days = care_days(chart)
    if days is None or days >= _LATE or chart.unread("contacts", "treatments"):
        return None
    if days < _EARLY:
        if _DIAGNOSTIC in order.details:
            return None
        return f"day {days} of conservative care: before six weeks only as a diagnostic test, which the order does not state"
    outcome = improved(chart).answer
    if outcome is Answer.NO or (outcome is Answer.UNKNOWN and chart.unread("readings")):
        return None
    return f"day {days} of conservative care: between six weeks and three months documented non-response is expected"


def _questions(chart: Chart) -> list[tuple[str, tuple[str, ...]]]:
    found: list[tuple[str, tuple[str, ...]]] = []
    for order in (d for d in chart.selected if d.is_of(DEEP_GLUTEAL)):
        infection = infection_suspected(chart)
        if infection.answer is Answer.YES:
            found.append((f"possible infection ({infection.because}): no injection before it is excluded", infection.resources))
        if timing := _timing(chart, order):
            found.append((timing, ()))
        if _GUIDANCE not in order.details:
            found.append(("image guidance is not stated", (order.ref,)))
        if thinners := taken(chart, _ANTICOAGULANTS) + drafted(chart, _ANTICOAGULANTS):
            found.append((f"anticoagulant: {', '.join(m.name for m in thinners)}", tuple(m.ref for m in thinners)))
    return list(dict.fromkeys(found))


@finding(reads=("problems", "readings", "contacts", "treatments", "requests", "plans", "medicines"))
def injection_order_unclear(chart: Chart) -> Finding:
    """An injection at the piriformis, the sciatic sheath or the ischiofemoral space is selected, and something about it is
    open: possible infection, time (before day 42 without diagnostic intent, or to day 89 without documented non-response),
    no image guidance stated, or an anticoagulant. Where physiotherapy cannot be told, the time is left out; without
    any other question the answer is then unknown."""
    if not any(d.is_of(DEEP_GLUTEAL) for d in chart.selected):
        return no("no such injection is selected")
    found = _questions(chart)
    if found:
        return yes("; ".join(text for text, _ in found), *dict.fromkeys(ref for _, refs in found for ref in refs))
    if gaps := chart.unread("medicines", "readings", "contacts", "treatments", "requests", "plans"):
        return unknown(f"{', '.join(g.what for g in gaps)} could not be read: an anticoagulant, or the time, is not known")
    return no("guided, in time, no anticoagulant and no sign of infection recorded")


@phrase(reads=("problems", "readings", "contacts", "treatments", "requests", "plans", "medicines"))
def injection_questions(chart: Chart) -> tuple[str, ...]:
    """A list of what is open about the selected injection."""
    return tuple(text[:1].upper() + text[1:] + "." for text, _ in _questions(chart))


@phrase(reads=("treatments",))
def steroid_injections_so_far(chart: Chart) -> str:
    """The dates of the steroid injections at the region of the selected order."""
    dates = [
        str(t.when)
        for draft, region in _steroid_orders(chart)
        for t in given(chart, region)
        if counts_as_steroid(t.details) and same_side(t.sides, draft.sides)
    ]
    return ", ".join(dict.fromkeys(dates)) or "none"


_REGENERATIVE, _TRIAL = concept("regenerative-injection"), concept("registered-trial")


@finding(reads=())
def in_registered_trial(chart: Chart) -> Finding:
    """Every selected prolotherapy or platelet-rich plasma order says that it is part of a registered trial."""
    orders = [d for d in chart.selected if d.is_of(_REGENERATIVE)]
    if orders and all(_TRIAL in d.details for d in orders):
        return yes("ordered inside a registered trial", *(d.ref for d in orders))
    return no("no registered trial is stated")
