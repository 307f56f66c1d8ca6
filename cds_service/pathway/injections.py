"""Injections that were given: where, with what, and whether they helped."""

from __future__ import annotations

from datetime import date

from .answers import Finding, no, unknown, yes
from .chart import Chart, Concepts, Treatment, once
from .dates import Event, happened_lately
from .outcomes import pain_response
from .syndromes import core_problems
from .vocabulary import concept, finding

# One region each (encodings, settled question 16): piriformis, sciatic sheath and ischiofemoral space; hamstring origin.
DEEP_GLUTEAL, HAMSTRING_ORIGIN = concept("deep-gluteal-injection"), concept("hamstring-injection")
REGIONS = (DEEP_GLUTEAL, HAMSTRING_ORIGIN)
_ANY = concept("any-injection")
STEROID, ANAESTHETIC = concept("agent-corticosteroid"), concept("agent-anaesthetic")
BOTULINUM = concept("agent-botulinum")
_BOTULINUM_INJECTION = concept("botulinum-injection")
_SUCCESSFUL = frozenset({concept("outcome-successful"), concept("outcome-partial")})
_UNSUCCESSFUL = concept("outcome-unsuccessful")


def counts_as_steroid(agents: Concepts) -> bool:
    """A corticosteroid is named, or no agent at all (settled question 16)."""
    return STEROID in agents or agents.isdisjoint({ANAESTHETIC, BOTULINUM})


def same_side(one: Concepts, other: Concepts) -> bool:
    """An unknown side counts as the same side."""
    return not one or not other or not one.isdisjoint(other)


def given(chart: Chart, region: str) -> list[Treatment]:
    """The completed injections of a region that are not botulinum toxin and do not lie in the future, newest last."""
    found = [t for t in chart.treatments if t.completed and region in t.concepts and BOTULINUM not in t.details]
    dated = [(t.when.latest, t) for t in found if t.when and t.when.earliest <= chart.today]
    return [t for _, t in sorted(dated, key=lambda pair: pair[0])]


@once
def _painful_sides(chart: Chart) -> Concepts:
    return frozenset[str]().union(*(problem.sides for _, problem in core_problems(chart)))


def _at_the_painful_side(chart: Chart) -> list[Treatment]:
    return [t for t in given(chart, DEEP_GLUTEAL) if same_side(t.sides, _painful_sides(chart))]


@finding(reads=("treatments", "problems"))
def injected_within(chart: Chart, days: int) -> Finding:
    """An injection at the piriformis, the sciatic sheath or the ischiofemoral space of this side is recorded within so many
    days (botulinum toxin apart). An unknown side counts as the same side."""
    newest_first = (Event("injected", t.when, t.ref) for t in reversed(_at_the_painful_side(chart)))
    otherwise = Finding(chart.absence("treatments"), f"no injection within {days} days is recorded")
    return happened_lately(newest_first, days, chart.today, otherwise)


@finding(reads=("treatments", "problems", "readings"))
def injection_failed(chart: Chart, days: int) -> Finding:
    """The last injection of steroid or anaesthetic lies at least so many days back and gave no sustained benefit: recorded as
    unsuccessful, or without two points or 30 percent less pain at least 14 days after it. Unknown without either."""
    if chart.unread("treatments"):
        return unknown("injections could not be read")
    injections = _at_the_painful_side(chart)
    if not injections:
        return no("no injection is recorded")
    last = injections[-1]
    day = last.when.latest if last.when else chart.today
    if (chart.today - day).days < days:
        return no(f"injected {last.when}, less than {days} days ago", last.ref)
    return _outcome(chart, last, day)


def _outcome(chart: Chart, injection: Treatment, day: date) -> Finding:
    if _UNSUCCESSFUL in injection.details:
        return yes(f"injected {injection.when}, unsuccessful", injection.ref)
    if not injection.details.isdisjoint(_SUCCESSFUL):
        return no(f"injected {injection.when}, with success", injection.ref)
    if chart.unread("readings"):
        return unknown("pain scores could not be read", injection.ref)
    response = pain_response(chart, day)
    if response is None:
        return unknown(f"injected {injection.when}, its effect is not recorded", injection.ref)
    improved, refs = response
    make = no if improved else yes
    return make(f"injected {injection.when}, pain {'improved' if improved else 'not improved'} since", injection.ref, *refs)


@finding(reads=("treatments",))
def botulinum_within(chart: Chart, days: int) -> Finding:
    """Botulinum toxin was injected within so many days."""
    injections = (
        Event("botulinum toxin", t.when, t.ref)
        for t in chart.treatments
        if t.completed and (_BOTULINUM_INJECTION in t.concepts or (_ANY in t.concepts and BOTULINUM in t.details))
    )
    otherwise = Finding(chart.absence("treatments"), f"no botulinum toxin within {days} days is recorded")
    return happened_lately(injections, days, chart.today, otherwise)
