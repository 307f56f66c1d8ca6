"""Response to treatment: trends of pain and hip scores, always like with like."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from .answers import Answer, Finding, no, unknown, yes
from .chart import Chart, Reading, once
from .physiotherapy import episode, visits_more_than
from .vocabulary import concept, finding, phrase

_PAIN, _HIP_SCORE = concept("pain-score"), concept("hip-score")
_VAS = "38214-3"

# Smallest change that matters, and whether more is better: conflict B-21 and encodings, section 4.
_IHOT12, _LEFS, _HAGOS, _PAIN_POINTS, _PAIN_SHARE = 14.0, 9.0, 10.0, 2.0, 0.30
_THRESHOLDS = {"ihot12-total": _IHOT12, "lefs-total": _LEFS}
_HAGOS_PREFIX = "hagos-"
_NAMES = {"ihot12": "iHOT-12", "lefs": "LEFS", "hagos": "HAGOS"}
_BEFORE, _AFTER, _APART = 28, 14, 14  # window of the baseline round the start, and the least distance to the latest


class Trend(StrEnum):
    IMPROVED = "improved"
    UNCHANGED = "unchanged"
    WORSE = "worse"


def pain_value(reading: Reading) -> float | None:
    """Pain on 0 to 10; a visual analogue score in mm or above 10 is divided by 10; None when out of range."""
    value = reading.value
    if value is None or reading.comparator:
        return None
    if reading.code == _VAS and (reading.unit == "mm" or value > 10):
        value /= 10
    return value if 0 <= value <= 10 else None


Series = list[tuple[date, float, str]]


@once
def _series(chart: Chart) -> dict[str, Series]:
    """Dated values by instrument; all pain scores are one instrument."""
    found: dict[str, Series] = {}
    today = chart.today
    for reading in chart.readings_of_any((_PAIN, _HIP_SCORE)):
        when = reading.when
        if when is None or when.latest > today or when.earliest != when.latest:
            continue
        if _PAIN in reading.concepts:
            pain = pain_value(reading)
            if pain is not None:
                found.setdefault("pain", []).append((when.latest, pain, reading.ref))
        elif reading.value is not None and not reading.comparator:
            found.setdefault(reading.code, []).append((when.latest, reading.value, reading.ref))
    for values in found.values():
        values.sort()
    return found


def _change(values: Series, start: date) -> tuple[float, float, tuple[str, str]] | None:
    """Baseline and latest value: nearest to the start within the window, and the newest at least 14 days later."""
    window = [v for v in values if -_BEFORE <= (v[0] - start).days <= _AFTER]
    if not window:
        return None
    baseline = min(window, key=lambda v: (abs((v[0] - start).days), v[0]))
    latest = values[-1]
    if (latest[0] - baseline[0]).days < _APART:
        return None
    return baseline[1], latest[1], (baseline[2], latest[2])


def _trend(gain: float, threshold: float) -> Trend:
    if gain >= threshold:
        return Trend.IMPROVED
    return Trend.WORSE if gain <= -threshold else Trend.UNCHANGED


def _pain_trend(before: float, after: float) -> Trend:
    """Two points or 30 percent of the baseline, whichever is reached first."""
    share = _PAIN_SHARE * before
    threshold = min(_PAIN_POINTS, share) if before > 0 else _PAIN_POINTS
    return _trend(before - after, threshold)


@once
def trends(chart: Chart) -> tuple[tuple[str, Trend, tuple[str, str]], ...]:
    """The trend of every instrument with a baseline and a later value. iHOT-33, HOOS and Harris have no threshold."""
    current = episode(chart)
    if current is None:
        return ()
    found: list[tuple[str, Trend, tuple[str, str]]] = []
    hagos: list[tuple[Trend, tuple[str, str]]] = []
    for instrument, values in _series(chart).items():
        change = _change(values, current.start)
        if change is None:
            continue
        before, after, refs = change
        if instrument == "pain":
            found.append(("pain", _pain_trend(before, after), refs))
        elif instrument.startswith(_HAGOS_PREFIX):
            hagos.append((_trend(after - before, _HAGOS), refs))
        elif instrument in _THRESHOLDS:
            found.append((instrument.removesuffix("-total"), _trend(after - before, _THRESHOLDS[instrument]), refs))
    if hagos:
        kinds = {trend for trend, _ in hagos}
        whole = Trend.WORSE if Trend.WORSE in kinds else Trend.IMPROVED if Trend.IMPROVED in kinds else Trend.UNCHANGED
        found.append(("hagos", whole, hagos[0][1]))
    return tuple(found)


def pain_response(chart: Chart, day: date) -> tuple[bool, tuple[str, str]] | None:
    """Did pain improve from the last value before this day to the newest one at least 14 days after it? None without both."""
    values = _series(chart).get("pain", [])
    before = [v for v in values if v[0] <= day]
    after = [v for v in values if (v[0] - day).days >= _APART]
    if not before or not after:
        return None
    return _pain_trend(before[-1][1], after[-1][1]) is Trend.IMPROVED, (before[-1][2], after[-1][2])


def pain_since(chart: Chart, start: date) -> tuple[Trend, str, tuple[str, str]] | None:
    """The trend of pain from the value nearest to this day to the newest one, in words too; None without such a pair."""
    change = _change(_series(chart).get("pain", []), start)
    if change is None:
        return None
    before, after, refs = change
    return _pain_trend(before, after), f"pain {before:g} at the start, {after:g} now", refs


# Pathway specification, part D, pain_nrs_latest: a pain score counts for 90 days.
PAIN_DAYS = 90


@once
def newest_pain(chart: Chart) -> tuple[date, float, str] | None:
    """The newest pain score of the last 90 days; of one day the highest."""
    pains = _series(chart).get("pain")
    return pains[-1] if pains and (chart.today - pains[-1][0]).days <= PAIN_DAYS else None


@finding(reads=("readings",))
def pain_at_least(chart: Chart, score: float) -> Finding:
    """The newest pain score (0 to 10) of the last 90 days is this or more. Unknown without one: no score never means no
    pain."""
    if chart.unread("readings"):
        return unknown("pain scores could not be read")
    newest = newest_pain(chart)
    if newest is None:
        return unknown("no pain score within 90 days")
    when, value, ref = newest
    return (yes if value >= score else no)(f"pain {value:g} of 10 ({when})", ref)


_READS = ("readings", "contacts", "treatments")


@once
def improved(chart: Chart) -> Finding:
    """Improved: a known trend improved and none is worse. Not improved: at least one is known, none improved or mixed."""
    known = trends(chart)
    if not known:
        missing = "scores could not be read" if chart.unread("readings") else "no outcome with a baseline is recorded"
        return unknown(missing)
    told = ", ".join(f"{name} {trend}" for name, trend, _ in known)
    refs = tuple(ref for *_, pair in known for ref in pair)
    kinds = {trend for _, trend, _ in known}
    if chart.unread(*_READS):  # the trend hangs on the first visit as well as on the scores
        return unknown(f"{told}; other scores or visits could not be read", *refs)
    return (yes if Trend.IMPROVED in kinds and Trend.WORSE not in kinds else no)(told, *refs)


@finding(reads=_READS)
def benefit_not_recorded(chart: Chart) -> Finding:
    """Since the first visit no improvement is recorded: the outcome is known and not improved, or no outcome was recorded
    at all. Unknown when the scores could not be read."""
    found = improved(chart)
    if found.answer is Answer.UNKNOWN and not chart.unread(*_READS):
        return yes(found.because)
    return Finding(~found.answer, found.because, found.resources)


@finding(reads=_READS)
def outcome_not_recorded(chart: Chart) -> Finding:
    """The scores were read, and none has both a baseline round the start of physiotherapy and a later value."""
    found = improved(chart)
    if chart.unread(*_READS):
        return unknown(found.because)
    return Finding(Answer.of(found.answer is Answer.UNKNOWN), found.because, found.resources)


# Pathway specification: physio-overutilisation fires above 14 visits; non-response counts from day 90 with 4 visits.
_REVIEW_VISITS, _NON_RESPONSE_DAYS, _NON_RESPONSE_VISITS = 14, 90, 4


def many_visits_without_improvement(chart: Chart) -> Finding:
    """More than 14 visits in the episode without recorded improvement."""
    many = visits_more_than(chart, _REVIEW_VISITS)
    better = improved(chart)
    if many is Answer.YES and better.answer is Answer.UNKNOWN and not chart.unread(*_READS):
        return yes("more than 14 visits, no outcome recorded")
    if many is Answer.NO or better.answer is Answer.YES:
        return no("14 visits or fewer, or improved", *better.resources)
    if many is Answer.YES and better.answer is Answer.NO:
        return yes("more than 14 visits, not improved", *better.resources)
    return unknown("visits or scores could not be read")


@finding(reads=_READS)
def non_response_at_three_months(chart: Chart) -> Finding:
    """Day 90 or later of the episode, at least 4 visits, and the outcome is known and not improved."""
    current = episode(chart)
    if current is None:
        return Finding(chart.absence("contacts", "treatments"), "no visit is recorded")
    enough = (chart.today - current.start).days >= _NON_RESPONSE_DAYS and len(current.days) >= _NON_RESPONSE_VISITS
    if not enough:
        return Finding(chart.absence("contacts", "treatments"), "before day 90 or fewer than 4 visits", current.refs)
    better = improved(chart)
    if better.answer is Answer.UNKNOWN and not chart.unread(*_READS):
        return no("no outcome recorded", *current.refs)
    return Finding(~better.answer, better.because, better.resources)


@phrase(reads=_READS)
def outcome_so_far(chart: Chart) -> str:
    """The trends that are known, instrument by instrument, or that none is recorded."""
    known = trends(chart)
    if not known:
        return "no outcome recorded"
    return ", ".join(f"{_NAMES.get(name, name)} {trend}" for name, trend, _ in known)


@phrase(reads=("readings",))
def pain_now(chart: Chart) -> str:
    """The newest pain score of the last 90 days with its day, or that there is none."""
    newest = newest_pain(chart)
    return f"pain {newest[1]:g} of 10 ({newest[0]})" if newest else "no pain score within 90 days"
