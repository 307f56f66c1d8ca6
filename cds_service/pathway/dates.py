"""Clinical dates as they are recorded: often to the month or the year only."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from .answers import Answer, Finding, all_of, unknown, yes


class When(NamedTuple):
    """The range of local days on which something happened; one day when the record is exact."""

    earliest: date
    latest: date

    @property
    def exact(self) -> bool:
        return self.earliest == self.latest

    def within(self, days: int, today: date) -> Answer:
        """Did it happen in the last ``days`` days, today included? What lies after today has not happened."""
        fewest, most = (today - self.latest).days, (today - self.earliest).days
        if most < 0 or fewest > days:
            return Answer.NO
        return Answer.YES if fewest >= 0 and most <= days else Answer.UNKNOWN

    def happened(self, today: date) -> Answer:
        """Is it in the past, today included?"""
        if self.latest <= today:
            return Answer.YES
        return Answer.NO if self.earliest > today else Answer.UNKNOWN

    def not_before(self, other: When) -> Answer:
        """Did it happen on the day of the other, or later?"""
        if self.earliest >= other.latest:
            return Answer.YES
        return Answer.NO if self.latest < other.earliest else Answer.UNKNOWN

    def __str__(self) -> str:
        if self.exact:
            return self.earliest.isoformat()
        if (self.earliest.year, self.earliest.month) == (self.latest.year, self.latest.month):
            return self.earliest.strftime("%Y-%m")
        if self.earliest.year == self.latest.year:
            return str(self.earliest.year)
        return f"between {self.earliest} and {self.latest}"


def day(value: date) -> When:
    """An exactly dated event."""
    return When(value, value)


def years_between(born: date, today: date) -> int:
    """Whole years; the birthday itself counts."""
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def within(when: When | None, days: int, today: date) -> Answer:
    """``When.within`` for a date that may be missing: UNKNOWN then."""
    return when.within(days, today) if when else Answer.UNKNOWN


class Event(NamedTuple):
    """Something that happened: in words, when, and its record."""

    what: str
    when: When | None
    ref: str


def happened_lately(events: Iterable[Event], days: int, today: date, otherwise: Finding) -> Finding:
    """The first event that certainly lies within so many days; else UNKNOWN for one that may; else ``otherwise``."""
    undated: Finding | None = None
    for event in events:
        lately = within(event.when, days, today)
        if lately is Answer.YES:
            return yes(f"{event.what} {event.when}", event.ref)
        if lately is Answer.UNKNOWN and undated is None:
            undated = unknown(f"{event.what} {event.when or 'without a date'}, not clearly within {days} days", event.ref)
    return undated or otherwise


def since(when: When | None, others: Iterable[When | None], today: date) -> Answer:
    """Did something happen by today, and on or after all of these days? UNKNOWN where a date is missing or too coarse."""
    if when is None:
        return Answer.UNKNOWN
    return all_of([when.happened(today), *(when.not_before(o) if o else Answer.UNKNOWN for o in others)])
