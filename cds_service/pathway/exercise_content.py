"""What physiotherapy consists of: passive treatment or exercise, as it was given and as it is ordered."""

from __future__ import annotations

from .answers import Answer, Finding, any_of, no, unknown, yes
from .chart import Chart, Draft, Treatment
from .physiotherapy import Episode, episode
from .vocabulary import concept, finding, phrase

_ORDER, _VISIT = concept("physiotherapy-order"), concept("physiotherapy-visit")
_ACTIVE, _PASSIVE = concept("physiotherapy-active"), concept("physiotherapy-passive")

# Pathway specification, passive-or-stretch-only: from the third visit. An episode whose last visit is older than 90 days is
# over (part D, physio_status).
_FROM_VISITS, _OVER_DAYS = 3, 90


def _ordered(chart: Chart) -> list[Draft]:
    return [draft for draft in chart.selected if draft.medicine is None and draft.is_of(_ORDER)]


def _without_length(chart: Chart) -> list[Draft]:
    return [draft for draft in _ordered(chart) if not draft.states_length]


def _without_content(chart: Chart) -> list[Draft]:
    return [draft for draft in _ordered(chart) if not draft.states_content]


def _found(lacking: list[Draft], what: str) -> Finding:
    if lacking:
        return yes(f"{what} not stated", *dict.fromkeys(draft.ref for draft in lacking))
    return no(f"{what} stated, or no physiotherapy selected")


@finding(reads=())
def physiotherapy_order_without_length(chart: Chart) -> Finding:
    """A selected physiotherapy order does not say for how long or how much: no period, no timing and no quantity."""
    return _found(_without_length(chart), "programme length")


@finding(reads=())
def physiotherapy_order_without_content(chart: Chart) -> Finding:
    """A selected physiotherapy order does not say what is to be done: no details, note, instruction or attachment."""
    return _found(_without_content(chart), "exercise content")


@finding(reads=())
def physiotherapy_order_incomplete(chart: Chart) -> Finding:
    """A selected physiotherapy order states no programme length or no exercise content."""
    return _found(_without_length(chart) + _without_content(chart), _missing(chart) or "length and content")


@finding(reads=("contacts", "treatments"))
def passive_treatment_only(chart: Chart) -> Finding:
    """Without an order in the session: three or more visits in the episode, the last within 90 days, at least one coded
    passive treatment (stretching, massage, heat, cold, ultrasound, electrotherapy, manual therapy) and no exercise. With
    orders: the details of the selected physiotherapy order are all passive. Unknown when the content is not coded."""
    return _order_content(chart) if chart.drafts else _given_content(chart)


def _order_content(chart: Chart) -> Finding:
    ordered = _ordered(chart)
    refs = [draft.ref for draft in ordered]
    if not any(d.details or d.states_content for d in ordered):
        return no("no physiotherapy with content is selected")
    if any(_ACTIVE in draft.details for draft in ordered):
        return no("exercise is part of the order", *refs)
    if any(draft.uncoded_details or _PASSIVE not in draft.details for draft in ordered):
        return unknown("the content of the order is not fully coded", *refs)
    return yes(f"only passive treatment: {', '.join(d.name for d in ordered)}", *refs)


def _in_episode(treatment: Treatment, current: Episode, chart: Chart) -> Answer:
    when = treatment.when
    if when is None:
        return Answer.UNKNOWN
    if when.latest < current.start or when.earliest > chart.today:
        return Answer.NO
    return Answer.YES if when.earliest >= current.start and when.latest <= chart.today else Answer.UNKNOWN


def _given_content(chart: Chart) -> Finding:
    current = episode(chart)
    if current is None or (chart.today - current.last).days > _OVER_DAYS:
        return Finding(chart.absence("contacts", "treatments"), "no visit within 90 days")
    # A treatment of another part of the body is no visit of ours (fhir/care.py).
    treated = [t for t in chart.treatments if _VISIT in t.concepts]
    active = any_of(_in_episode(t, current, chart) for t in treated if _ACTIVE in t.concepts)
    passive = [t for t in treated if _PASSIVE in t.concepts and _in_episode(t, current, chart) is Answer.YES]
    if active is Answer.YES:
        return no("exercise is recorded", *current.refs)
    if len(current.days) < _FROM_VISITS:
        return Finding(chart.absence("contacts", "treatments"), f"fewer than {_FROM_VISITS} visits", current.refs)
    if not passive:
        return unknown("what was done at the visits is not coded", *current.refs)
    if active is Answer.UNKNOWN or chart.unread("treatments"):
        return unknown("other treatment may have been given", *current.refs)
    return yes(f"{len(current.days)} visits, passive treatment only", *(t.ref for t in passive))


@phrase(reads=("contacts", "treatments"))
def content_so_far(chart: Chart) -> str:
    """The selected physiotherapy order, or the visits of the episode, of which only passive treatment is coded."""
    ordered = _ordered(chart)
    if ordered:
        return f"Selected: {', '.join(d.name for d in ordered)}, with passive treatment only"
    current = episode(chart)
    if current is None:
        return ""
    return f"{len(current.days)} visits since {current.start}; every coded treatment is passive"


@phrase(reads=())
def missing_order_parts(chart: Chart) -> str:
    """What the selected physiotherapy order does not state."""
    return _missing(chart)


def _missing(chart: Chart) -> str:
    parts = {"programme length": _without_length(chart), "exercise content": _without_content(chart)}
    return " and ".join(name for name, lacking in parts.items() if lacking)
