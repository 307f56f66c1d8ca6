"""Trials of first-line nerve-pain medicines: whether each was taken for long enough."""

from __future__ import annotations

from enum import StrEnum

from .answers import Answer, Finding, no, unknown, yes
from .chart import Chart, once
from .exclusions import current_problem
from .exposure import Run, runs_in
from .vocabulary import ValueSet, concept, finding, phrase

GABAPENTINOIDS, TRICYCLICS, SNRIS = concept("gabapentinoids"), concept("tricyclics"), concept("snris")
_CONTRAINDICATIONS = {TRICYCLICS: concept("tricyclic-contraindications"), SNRIS: concept("snri-contraindications")}

# Encodings, section 6: adequate from 42 days for gabapentin and tricyclics, from 28 for the others.
_SIX_WEEKS = frozenset({concept("med-gabapentin"), concept("med-tca")})
_LONG, _SHORT = 42, 28


class Outcome(StrEnum):
    ADEQUATE = "adequate"
    IN_PROGRESS = "in progress"
    INADEQUATE = "too short"
    INTOLERANT = "not tolerated"
    CONTRAINDICATED = "contraindicated"
    LENGTH_UNKNOWN = "length not recorded"
    NONE = "none recorded"


def _adequate_days(run: Run) -> int:
    return _LONG if not run.classes.isdisjoint(_SIX_WEEKS) else _SHORT


def adequate_agents(chart: Chart) -> tuple[Run, ...]:
    """The first-line medicines that were tried for an adequate time, one run for each."""
    found = [r for r in runs_in(chart, GABAPENTINOIDS, TRICYCLICS, SNRIS) if r.days is not None]
    return tuple({r.name: r for r in found if (r.days or 0) >= _adequate_days(r)}.values())


def _trial(chart: Chart, medicines: ValueSet) -> tuple[Outcome, Run | None]:
    """What became of a class: the best run of any agent in it speaks for the class."""
    mine = runs_in(chart, medicines)
    for run in mine:
        if run.days is not None and run.days >= _adequate_days(run):
            return Outcome.ADEQUATE, run
    if chart.allergies and any(medicines in allergy.classes for allergy in chart.allergies):
        return Outcome.INTOLERANT, None
    contraindication = _CONTRAINDICATIONS.get(medicines)
    if contraindication and current_problem(chart, contraindication).answer is Answer.YES:
        return Outcome.CONTRAINDICATED, None
    if any(m.do_not_give for m in chart.medicines_of(medicines)):
        return Outcome.CONTRAINDICATED, None
    if not mine:
        return Outcome.NONE, None
    intolerant = next((r for r in mine if r.intolerant), None)
    if intolerant:
        return Outcome.INTOLERANT, intolerant
    open_ended = next((r for r in mine if r.days is None), None)
    if open_ended:
        return Outcome.LENGTH_UNKNOWN, open_ended
    active = next((r for r in mine if r.active), None)
    if active:
        return Outcome.IN_PROGRESS, active
    return Outcome.INADEQUATE, max(mine, key=lambda r: r.days or 0)


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


@finding(reads=("medicines", "allergies", "problems"))
def first_line_trial_adequate(chart: Chart) -> Finding:
    """An adequate trial of a first-line nerve-pain medicine is recorded, or all three classes were tried, not tolerated or
    are contraindicated (`adequate_first_line_trial_not_shown` has the days). Unknown when the history could not be
    checked."""
    return first_line_adequate(chart)


_TITLE = {GABAPENTINOIDS: "gabapentinoid", TRICYCLICS: "tricyclic", SNRIS: "SNRI"}


@phrase(reads=("medicines", "allergies", "problems"))
def trials_found(chart: Chart) -> str:
    """What is recorded of first-line nerve-pain medicines, class by class, with the days."""
    trials = first_line_trials(chart)
    unread = dict.fromkeys(gap.what for gap in chart.unread("medicines", "allergies", "problems"))
    rest = f" ({', '.join(unread)} could not be read)" if unread else ""
    if all(outcome is Outcome.NONE for _, outcome, _ in trials):
        return "the medicines could not be read" if chart.unread("medicines") else f"no tricyclic, SNRI or gabapentinoid{rest}"
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
    return "; ".join(parts) + rest
