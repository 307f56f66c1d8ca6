"""Fasciculation: twitching of the buttock or thigh, and whether it is seen elsewhere too."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from .answers import Answer, Finding, all_of, no, unknown, yes
from .chart import Chart, Concepts
from .dates import within
from .vocabulary import concept, finding

_FASCICULATION, _SITE = concept("fasciculation"), concept("fasciculation-site")
_DAYS = 180
_READS = ("problems", "readings")


class _Twitch(NamedTuple):
    """One record: is it of the last 180 days and current, does it speak of buttock, thigh or hip, and of another site?"""

    live: Answer
    here: bool
    elsewhere: bool
    ref: str


def _twitches(chart: Chart) -> Iterable[_Twitch]:
    for problem in chart.problems_of(_FASCICULATION):
        live = all_of((problem.current, within(problem.began, _DAYS, chart.today)))
        yield _Twitch(live, *_where(problem.concepts, problem.places), problem.ref)
    for reading in chart.readings_of(_FASCICULATION):
        if reading.present is not False:
            live = within(reading.when, _DAYS, chart.today)
            yield _Twitch(live, *_where(reading.concepts, reading.places), reading.ref)


def _where(concepts: Concepts, places: tuple[Concepts, ...]) -> tuple[bool, bool]:
    """Here (or of no named place), and elsewhere."""
    return _SITE in concepts or not places, any(_SITE not in place for place in places)


def _recorded(chart: Chart, twitches: list[_Twitch], what: str) -> Finding:
    if sure := [t.ref for t in twitches if t.live is Answer.YES]:
        return yes(f"{what} is recorded", *sure)
    if unsure := [t.ref for t in twitches if t.live is Answer.UNKNOWN]:
        return unknown(f"{what} is recorded, but not whether it is of the last {_DAYS} days", *unsure)
    if gaps := chart.unread(*_READS):
        return unknown(f"{', '.join(g.what for g in gaps)} could not be read: {what} unknown")
    return no(f"{what} is not recorded in the last {_DAYS} days")


@finding(reads=_READS)
def fasciculation_recorded(chart: Chart) -> Finding:
    """Fasciculation of the last 180 days is a current problem or a finding that is not negative, of buttock, thigh or hip, or
    of no named site. No when only other sites are named."""
    return _recorded(chart, [t for t in _twitches(chart) if t.here], "fasciculation")


@finding(reads=_READS)
def fasciculation_diffuse(chart: Chart) -> Finding:
    """Fasciculation of the last 180 days is recorded at a site other than buttock, thigh or hip."""
    return _recorded(chart, [t for t in _twitches(chart) if t.elsewhere], "fasciculation at another site")
