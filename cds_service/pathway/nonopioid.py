"""What was tried before an opioid where no nerve is involved: exercise therapy, NSAIDs, topical medicines, acetaminophen."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from .answers import Answer, Finding, no, unknown, yes
from .chart import Chart, Medicine, once
from .exposure import ever_taken, exposure
from .physiotherapy import Status, episode, status
from .vocabulary import concept, finding, phrase

_COUNTED = frozenset({concept("nsaids"), concept("med-lidocaine-topical"), concept("med-capsaicin")})
_ACETAMINOPHEN, _OPIOIDS = concept("med-acetaminophen"), concept("opioids")

# Pathway specification, part D, nonopioid_tried: 7 days within the last 90.
_ENOUGH_DAYS, _WINDOW_DAYS = 7, 90


def _is_counted(medicine: Medicine) -> bool:
    """An NSAID, a topical medicine, or acetaminophen on its own. What an opioid product contains is no trial."""
    if _OPIOIDS in medicine.classes:
        return False
    if not medicine.classes.isdisjoint(_COUNTED):
        return True
    alone = len(medicine.ingredients) < 2 and " / " not in medicine.name  # RxNorm names each ingredient of a product
    return _ACETAMINOPHEN in medicine.classes and alone


def _days(spans: Iterable[tuple[date, date]], since: date) -> int:
    """Days of these spans that lie after ``since``; what overlaps counts once."""
    days, until = 0, since
    for first, last in sorted(spans):
        begin = max(first, until)
        if last > begin:
            days, until = days + (last - begin).days, last
    return days


@once
def _counted(chart: Chart) -> list[tuple[Medicine, tuple[date, date] | None]]:
    """What was ever taken and counts, with the first and last day of each record."""
    return [(m, exposure(m, chart.today)) for m in ever_taken(chart.medicines) if _is_counted(m)]


@once
def _exposures(chart: Chart) -> tuple[tuple[str, int, tuple[str, ...]], ...]:
    """Each medicine that counts, with its days within the window and its records."""
    spans: dict[str, list[tuple[date, date]]] = {}
    refs: dict[str, list[str]] = {}
    for medicine, span in _counted(chart):
        if span:
            name = ", ".join(sorted(medicine.ingredients)) or medicine.name.lower()
            spans.setdefault(name, []).append(span)
            refs.setdefault(name, []).append(medicine.ref)
    since = chart.today - timedelta(days=_WINDOW_DAYS)
    found = ((name, _days(spans[name], since), tuple(refs[name])) for name in sorted(spans))
    return tuple(one for one in found if one[1])


def _undated(chart: Chart) -> list[Medicine]:
    """What counts and may have been taken for long enough within the window, without dates that tell."""
    last_start = chart.today - timedelta(days=_ENOUGH_DAYS)
    window = chart.today - timedelta(days=_WINDOW_DAYS)
    found = []
    for medicine, span in _counted(chart):
        if span:
            continue
        start = medicine.start or medicine.ordered
        if start is None or (start.earliest <= last_start and (medicine.on_list or start.latest >= window)):
            found.append(medicine)
    return found


@once
def nonopioid_tried(chart: Chart) -> Finding:
    current = episode(chart)
    if current:
        return yes(f"physiotherapy: {len(current.days)} visits, the last on {current.last}", *current.refs)
    where, told, refs = status(chart)
    if where is Status.COMPLETED:
        return yes(told, *refs)
    for name, days, records in _exposures(chart):
        if days >= _ENOUGH_DAYS:
            return yes(f"{name} for {days} days", *records)
    if gaps := chart.unread("medicines", "contacts", "treatments", "plans"):
        return unknown(f"{', '.join(dict.fromkeys(g.what for g in gaps))} could not be read")
    if undated := _undated(chart):
        return unknown(f"the length is not recorded: {undated[0].name}", *(m.ref for m in undated))
    return no("no exercise therapy, NSAID, topical medicine or acetaminophen for 7 days")


_READS = ("medicines", "contacts", "treatments", "plans")


@finding(reads=_READS)
def nonopioid_trial_not_shown(chart: Chart) -> Finding:
    """The records show no physiotherapy visit or finished programme, and no NSAID (systemic or topical), topical lidocaine
    or capsaicin, or acetaminophen on its own for 7 days within the last 90. Also yes when the history could not be checked;
    `nonopioid_history_unclear` tells the two apart."""
    found = nonopioid_tried(chart)
    return Finding(Answer.of(found.answer is not Answer.YES), found.because, found.resources)


@finding(reads=_READS)
def nonopioid_history_unclear(chart: Chart) -> Finding:
    """Earlier non-opioid treatment could not be checked: medicines, visits or programmes could not be read, or the length of
    a course that could have been long enough is not recorded."""
    found = nonopioid_tried(chart)
    return Finding(Answer.of(found.answer is Answer.UNKNOWN), found.because, found.resources)


@phrase(reads=_READS)
def nonopioids_found(chart: Chart) -> str:
    """What is recorded of non-opioid medicines within the last 90 days, in days, and of physiotherapy visits."""
    days = [f"{name} {days} {'day' if days == 1 else 'days'}" for name, days, _ in _exposures(chart)]
    length_unknown = [f"{m.name}, length not recorded" for m in _undated(chart)]
    taken = ", ".join([*days, *length_unknown])
    if not taken:
        unread = chart.unread("medicines")
        taken = "the medicines could not be read" if unread else "no NSAID, topical medicine or acetaminophen in 90 days"
    current = episode(chart)
    if current:
        return f"{taken}; {len(current.days)} physiotherapy visits"
    unread = chart.unread("contacts", "treatments")
    return f"{taken}; {'physiotherapy visits could not be read' if unread else 'no physiotherapy visit'}"
