"""Medicines over time: for how long each was taken, and whether that was an adequate trial."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from .answers import Answer, Finding, no, unknown, yes
from .chart import Chart, Medicine, once
from .exclusions import current_problem, opioid_use_disorder
from .vocabulary import ValueSet, concept, finding, phrase

GABAPENTINOIDS, TRICYCLICS, SNRIS = concept("gabapentinoids"), concept("tricyclics"), concept("snris")
OPIOID_ANALGESICS = concept("opioid-analgesics")
_INTOLERANCE = concept("stopped-for-intolerance")
_NO_BENEFIT = concept("stopped-as-ineffective")
_CONTRAINDICATIONS = {TRICYCLICS: concept("tricyclic-contraindications"), SNRIS: concept("snri-contraindications")}

# Encodings, section 6: adequate from 42 days for gabapentin and tricyclics, from 28 for the others; runs of one ingredient
# with gaps of up to 30 days are one run.
_SIX_WEEKS = frozenset({concept("med-gabapentin"), concept("med-tca")})
_LONG, _SHORT, _GAP_DAYS = 42, 28, 30
# Encodings, section 6: long-term is 90 days of opioid analgesics that reach into the last 30.
_LONG_TERM_DAYS, _LATELY_DAYS = 90, 30

# Never a trial, whatever their dates.
_NEVER_TAKEN = frozenset({"draft", "cancelled", "entered-in-error", "unknown", "not-taken"})
AGONISTS = frozenset({"buprenorphine", "methadone"})


class Outcome(StrEnum):
    ADEQUATE = "adequate"
    IN_PROGRESS = "in progress"
    INADEQUATE = "too short"
    INTOLERANT = "not tolerated"
    CONTRAINDICATED = "contraindicated"
    LENGTH_UNKNOWN = "length not recorded"
    NONE = "none recorded"


@dataclass(frozen=True, slots=True)
class Run:
    """One ingredient taken without a gap of more than 30 days. ``days`` is None when the record does not tell."""

    name: str
    classes: frozenset[str]
    days: int | None
    active: bool
    refs: tuple[str, ...]
    end: date | None = None
    intolerant: bool = False
    ineffective: bool = False


def exposure(medicine: Medicine, today: date) -> tuple[date, date] | None:
    """First and last day of one record, today at most; None when either is not known."""
    start = medicine.start or medicine.ordered
    if start is None or start.earliest > today or not start.exact:
        return None
    if medicine.end:
        end = medicine.end.latest
    elif medicine.on_list:
        end = today
    else:
        return None
    return start.earliest, max(min(end, today), start.earliest)


def _taken(chart: Chart) -> Iterable[Medicine]:
    for medicine in chart.medicines:
        if medicine.status not in _NEVER_TAKEN and not medicine.do_not_give:
            if medicine.on_list or medicine.status in ("completed", "stopped", "on-hold", "ended"):
                yield medicine


def _runs_of(name: str, medicines: list[Medicine], today: date) -> list[Run]:
    classes = frozenset[str]().union(*(m.classes for m in medicines))
    dated = [(span, m) for m in medicines if (span := exposure(m, today))]
    dated.sort(key=lambda pair: pair[0])
    runs: list[Run] = []
    group: list[Medicine] = []
    start = end = today
    for (first, last), medicine in dated:
        if group and first - end > timedelta(days=_GAP_DAYS):
            runs.append(_run(name, classes, group, (end - start).days, end))
            group = []
        if not group:
            start, end = first, last
        group.append(medicine)
        end = max(end, last)
    if group:
        runs.append(_run(name, classes, group, (end - start).days, end))
    undated = [m for m in medicines if exposure(m, today) is None and not _begins_later(m, today)]
    runs.extend(_run(name, classes, [m], None, None) for m in undated)
    return runs


def _begins_later(medicine: Medicine, today: date) -> bool:
    start = medicine.start or medicine.ordered
    return start is not None and start.earliest > today


def _run(name: str, classes: frozenset[str], group: list[Medicine], days: int | None, end: date | None) -> Run:
    why = frozenset[str]().union(*(m.why_stopped for m in group))
    return Run(
        name,
        classes,
        days,
        any(m.on_list for m in group),
        tuple(m.ref for m in group),
        end,
        _INTOLERANCE in why,
        _NO_BENEFIT in why,
    )


@once
def runs(chart: Chart) -> tuple[Run, ...]:
    """Every run of every ingredient; a medicine without a known ingredient counts under its own name."""
    by_ingredient: dict[str, list[Medicine]] = {}
    for medicine in _taken(chart):
        for ingredient in medicine.ingredients or {medicine.name.lower()}:
            by_ingredient.setdefault(ingredient, []).append(medicine)
    return tuple(run for name, group in sorted(by_ingredient.items()) for run in _runs_of(name, group, chart.today))


def days_covered(chart: Chart, medicines: ValueSet) -> int:
    """The longest run of a class in days; 0 when none is known."""
    return max((r.days for r in runs(chart) if medicines in r.classes and r.days is not None), default=0)


def _adequate_days(run: Run) -> int:
    return _LONG if not run.classes.isdisjoint(_SIX_WEEKS) else _SHORT


def _trial(chart: Chart, medicines: ValueSet) -> tuple[Outcome, Run | None]:
    """What became of a class: the best run of any agent in it speaks for the class."""
    mine = [r for r in runs(chart) if medicines in r.classes]
    for run in mine:
        if run.days is not None and run.days >= _adequate_days(run):
            return Outcome.ADEQUATE, run
    if any(medicines in allergy.classes for allergy in chart.allergies):
        return Outcome.INTOLERANT, None
    contraindication = _CONTRAINDICATIONS.get(medicines)
    if contraindication and current_problem(chart, contraindication).answer is Answer.YES:
        return Outcome.CONTRAINDICATED, None
    if any(m.do_not_give and medicines in m.classes for m in chart.medicines):
        return Outcome.CONTRAINDICATED, None
    intolerant = next((r for r in mine if r.intolerant), None)
    if intolerant:
        return Outcome.INTOLERANT, intolerant
    open_ended = next((r for r in mine if r.days is None), None)
    if open_ended:
        return Outcome.LENGTH_UNKNOWN, open_ended
    active = next((r for r in mine if r.active), None)
    if active:
        return Outcome.IN_PROGRESS, active
    longest = max(mine, key=lambda r: r.days or 0, default=None)
    return (Outcome.INADEQUATE, longest) if longest else (Outcome.NONE, None)


@once
def first_line_trials(chart: Chart) -> tuple[tuple[ValueSet, Outcome, Run | None], ...]:
    return tuple((c, *_trial(chart, c)) for c in (GABAPENTINOIDS, TRICYCLICS, SNRIS))


_DECIDED = frozenset({Outcome.ADEQUATE, Outcome.INTOLERANT, Outcome.CONTRAINDICATED})


@once
def first_line_adequate(chart: Chart) -> Finding:
    """An adequate trial of one first-line class, or all three tried, not tolerated or contraindicated."""
    trials = first_line_trials(chart)
    refs = tuple(ref for _, _, run in trials if run for ref in run.refs)
    outcomes = [outcome for _, outcome, _ in trials]
    told = "; ".join(f"{c}: {outcome}" for c, outcome, _ in trials)
    if Outcome.ADEQUATE in outcomes or all(outcome in _DECIDED for outcome in outcomes):
        return yes(told, *refs)
    if chart.unread("medicines"):
        return unknown("earlier medicines could not be read", *refs)
    if Outcome.LENGTH_UNKNOWN in outcomes:
        return unknown(f"the length of an earlier trial is not recorded ({told})", *refs)
    if chart.unread("allergies") and any(outcome in _DECIDED for outcome in outcomes):
        return unknown("allergies could not be read: intolerance of the other classes unknown", *refs)
    return no(told, *refs)


@finding(reads=("medicines", "allergies", "problems"))
def adequate_first_line_trial_not_shown(chart: Chart) -> Finding:
    """The records show no adequate trial of a first-line nerve-pain medicine: gabapentin or a tricyclic for 42 days,
    pregabalin or an SNRI for 28, or all three classes tried, not tolerated or contraindicated. Also yes when the
    history could not be checked; `first_line_history_unclear` tells the two apart."""
    found = first_line_adequate(chart)
    return Finding(Answer.of(found.answer is not Answer.YES), found.because, found.resources)


@finding(reads=("medicines", "allergies", "problems"))
def first_line_history_unclear(chart: Chart) -> Finding:
    """Earlier first-line treatment could not be checked: the medicines could not be read, or the length of a trial that
    could have been adequate is not recorded."""
    found = first_line_adequate(chart)
    return Finding(Answer.of(found.answer is Answer.UNKNOWN), found.because, found.resources)


def is_analgesic(medicine: Medicine, chart: Chart) -> bool:
    """An opioid analgesic; with a current opioid use disorder buprenorphine and methadone are agonist treatment."""
    if OPIOID_ANALGESICS not in medicine.classes:
        return False
    return not (medicine.ingredients & AGONISTS and opioid_use_disorder(chart).answer is Answer.YES)


@once
def long_term_opioid_days(chart: Chart) -> tuple[int, tuple[str, ...]] | None:
    """Days and records of the run of opioid analgesics that reaches into the last 30 days; None without one."""
    medicines = [m for m in _taken(chart) if is_analgesic(m, chart)]
    reach = chart.today - timedelta(days=_LATELY_DAYS)
    found = [r for r in _runs_of("opioids", medicines, chart.today) if r.days is not None and r.end and r.end >= reach]
    best = max(found, key=lambda r: r.days or 0, default=None)
    return (best.days or 0, best.refs) if best else None


def long_term_ingredients(chart: Chart) -> frozenset[str]:
    """What was taken for 90 days or more and until the last 30: stopping it at once is a harm, whatever its status says."""
    reach = chart.today - timedelta(days=_LATELY_DAYS)
    lasting = (r for r in runs(chart) if r.days is not None and r.days >= _LONG_TERM_DAYS and r.end and r.end >= reach)
    return frozenset(run.name for run in lasting)


@finding(reads=("medicines", "problems"))
def long_term_opioid_shown(chart: Chart) -> Finding:
    """The records show an opioid analgesic for 90 days or more without a gap of more than 30 days, reaching into the last
    30 days. Agonist treatment of an opioid use disorder does not count. No means: not shown."""
    found = long_term_opioid_days(chart)
    if found and found[0] >= _LONG_TERM_DAYS:
        return yes(f"at least {found[0]} days of opioid are recorded", *found[1])
    return no("no opioid for 90 days or more is recorded")


_TITLE = {GABAPENTINOIDS: "gabapentinoid", TRICYCLICS: "tricyclic", SNRIS: "SNRI"}


@phrase(reads=("medicines", "allergies", "problems"))
def trials_found(chart: Chart) -> str:
    """What is recorded of first-line nerve-pain medicines, class by class, with the days."""
    trials = first_line_trials(chart)
    if all(outcome is Outcome.NONE for _, outcome, _ in trials):
        return "the medicines could not be read" if chart.unread("medicines") else "no tricyclic, SNRI or gabapentinoid"
    parts = []
    for medicines, outcome, run in trials:
        if run and run.days is not None:
            state = f"{run.name} {run.days} days"
            if run.active:
                state += f", still taken (adequate from {_adequate_days(run)})"
            elif run.ineffective:
                state += ", stopped without benefit"
            elif outcome is Outcome.INTOLERANT:
                state += ", not tolerated"
            elif outcome is not Outcome.ADEQUATE:
                state += ", stopped, no reason recorded"
        elif run:
            state = f"{run.name}, {outcome}"
        else:
            state = outcome.value
        parts.append(f"{_TITLE[medicines]}: {state}")
    return "; ".join(parts)
