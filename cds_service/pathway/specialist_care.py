"""What specialists have been asked already: referrals of late or since a red flag, and operations of the past."""

from __future__ import annotations

from collections.abc import Iterable

from .answers import Answer, Finding, all_of, any_of, no, unknown, yes
from .chart import Chart, Request
from .dates import Event, happened_lately, since, within
from .hamstring import avulsions
from .mass import masses
from .scope import in_pathway
from .suspicion import Flag
from .vocabulary import ValueSet, concept, finding
from .weakness import deficits

_SURGERY, _NEUROLOGY = concept("referral-surgery"), concept("referral-neurology")
_PAIN = concept("referral-pain")
_SEEN_DAYS = 90


def _referrals(chart: Chart, *to: ValueSet) -> list[Request]:
    return [r for r in chart.requests if not r.concepts.isdisjoint(to)]


_NOTHING = unknown("nothing is recorded that the referral could be for")


def _referred_since(chart: Chart, flags: Iterable[Flag], where: Iterable[str], *to: ValueSet) -> Finding:
    """A referral, active or completed, on or after the day of every flag: an older one was for something else. ``where`` are
    the sections in which a newer flag may stand."""
    days = [flag.since for flag in flags]
    if not days:
        return _NOTHING
    undecided = None
    for request in _referrals(chart, *to):
        later = since(request.when, days, chart.today)
        if later is Answer.YES and chart.unread(*where):
            return unknown(f"referred {request.when}; what came later could not be read", request.ref)
        if later is Answer.YES:
            return yes(f"referred {request.when}", request.ref)
        undecided = request if later is Answer.UNKNOWN else undecided
    if undecided:
        return unknown("a referral is recorded, but not whether it came after this", undecided.ref)
    if chart.unread("requests"):
        return unknown("referrals could not be read")
    return no("no referral since then is recorded")


@finding(reads=("requests", "problems", "readings"))
def referred_since_weakness(chart: Chart) -> Finding:
    """A referral to orthopaedics, neurosurgery, nerve surgery or neurology was made on or after the day on which the leg
    weakness began or was first measured."""
    return _referred_since(chart, deficits(chart), ("problems", "readings"), _SURGERY, _NEUROLOGY)


@finding(reads=("requests", "problems", "readings", "reports"))
def referred_since_avulsion(chart: Chart) -> Finding:
    """A referral to orthopaedics or another surgeon was made on or after the day of the hamstring injury."""
    return _referred_since(chart, avulsions(chart), ("problems", "readings", "reports"), _SURGERY)


@finding(reads=("requests", "problems", "readings", "reports"))
def referred_since_mass(chart: Chart) -> Finding:
    """A referral to orthopaedics, neurosurgery or nerve surgery was made on or after the day of the report or record of the
    mass, of the newest where there are several."""
    return _referred_since(chart, masses(chart), ("problems", "readings", "reports"), _SURGERY)


@finding(reads=("requests",))
def referred_within(chart: Chart, to: tuple[ValueSet, ...], days: int) -> Finding:
    """A referral of one of these kinds, open or completed, was made within so many days."""
    referrals = (Event("referred", r.when, r.ref) for r in _referrals(chart, *to))
    otherwise = Finding(chart.absence("requests"), f"no such referral within {days} days is recorded")
    return happened_lately(referrals, days, chart.today, otherwise)


@finding(reads=("requests", "problems"))
def specialist_saw_wider_pain(chart: Chart) -> Finding:
    """No core syndrome is recorded, and a referral to surgery, neurology or pain management of the last 90 days is
    completed."""
    core = in_pathway(chart)
    if core.answer is Answer.YES:
        return no(core.because, *core.resources)
    completed = [r for r in _referrals(chart, _SURGERY, _NEUROLOGY, _PAIN) if not r.active]
    seen = any_of([*(within(r.when, _SEEN_DAYS, chart.today) for r in completed), chart.absence("requests")])
    answer = all_of([~core.answer, seen])
    if answer is Answer.YES:
        return yes("a completed referral of the last 90 days", *(r.ref for r in completed))
    if answer is Answer.NO:
        return no("no completed referral in the last 90 days")
    return unknown("whether a specialist saw the patient in the last 90 days is not known")


@finding(reads=("treatments",))
def operated_before(chart: Chart, operation: ValueSet) -> Finding:
    """An operation of this value set was done at any time. Unknown when procedures could not be read."""
    found = [t.ref for t in chart.treatments if t.completed and operation in t.concepts]
    if found:
        return yes("an earlier operation is recorded", *found)
    if chart.unread("treatments"):
        return unknown("procedures could not be read: earlier operations unknown")
    return no("no earlier operation is recorded")
