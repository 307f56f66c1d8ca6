"""Opioids taken for long: stopping them at once is a harm of its own."""

from __future__ import annotations

from datetime import timedelta

from .answers import Answer, Finding, no, yes
from .chart import Chart, Medicine, once
from .exclusions import opioid_use_disorder
from .exposure import LATELY_DAYS, LONG_TERM_DAYS, ever_taken, runs_of
from .vocabulary import concept, finding, phrase

OPIOID_ANALGESICS = concept("opioid-analgesics")
AGONISTS = frozenset({"buprenorphine", "methadone"})


def is_analgesic(medicine: Medicine, chart: Chart) -> bool:
    """An opioid analgesic; with a current opioid use disorder buprenorphine and methadone are agonist treatment."""
    if OPIOID_ANALGESICS not in medicine.classes:
        return False
    return not (medicine.ingredients & AGONISTS and opioid_use_disorder(chart).answer is Answer.YES)


@once
def long_term_opioid_days(chart: Chart) -> tuple[int, tuple[str, ...]] | None:
    """Days and records of the run of opioid analgesics that reaches into the last 30 days; None without one."""
    medicines = [m for m in ever_taken(chart.medicines_of(OPIOID_ANALGESICS)) if is_analgesic(m, chart)]
    if not medicines:
        return None
    reach = chart.today - timedelta(days=LATELY_DAYS)
    found = [r for r in runs_of("opioids", medicines, chart.today) if r.days is not None and r.end and r.end >= reach]
    best = max(found, key=lambda r: r.days or 0, default=None)
    return (best.days or 0, best.refs) if best else None


@finding(reads=("medicines", "problems"))
def long_term_opioid_shown(chart: Chart) -> Finding:
    """The records show an opioid analgesic for 90 days or more without a gap of more than 30 days, reaching into the last
    30 days. Agonist treatment of an opioid use disorder does not count. No means: not shown."""
    found = long_term_opioid_days(chart)
    if found and found[0] >= LONG_TERM_DAYS:
        return yes(f"at least {found[0]} days of opioid are recorded", *found[1])
    return no("no opioid for 90 days or more is recorded")


@phrase(reads=("medicines", "problems"))
def long_term_opioid_found(chart: Chart) -> str:
    """For how many days an opioid is recorded without a gap, at the least."""
    found = long_term_opioid_days(chart)
    return f"at least {found[0]} days recorded" if found else "no run of opioids recorded"


@finding(reads=("medicines", "problems"))
def long_term_opioid(chart: Chart) -> Finding:
    """As `long_term_opioid_shown`, but unknown when the medicines could not be read and what was read does not show it."""
    shown = long_term_opioid_shown(chart)
    return shown if shown.answer is Answer.YES else Finding(chart.absence("medicines"), shown.because)
