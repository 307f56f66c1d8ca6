"""What was put into a generated chart, in plain words: the properties are judged on this, not on what the service read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

Resource = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Remedy:
    """A medicine by name: its ingredient, and the classes of pathway.md, C.4, that it belongs to."""

    name: str
    ingredient: str
    classes: frozenset[str]
    rxnorm: str | None = None


@dataclass(frozen=True, slots=True)
class GivenProblem:
    """A Condition whose code is in the value set ``tag``. ``state``: current, past, undated (nobody can tell) or void."""

    tag: str
    state: str
    days: int | None
    remission: bool = False


@dataclass(frozen=True, slots=True)
class GivenMedicine:
    """A medicine of the record. ``active``: on the list of what is taken now."""

    remedy: Remedy
    active: bool
    days: int | None


@dataclass(frozen=True, slots=True)
class GivenDraft:
    """An order of this session. ``ref`` is None for one without an id."""

    ref: str | None
    selected: bool
    remedy: Remedy | None
    resource: Resource


@dataclass(frozen=True, slots=True)
class GivenReading:
    """An Observation that counts by its status. ``value`` with ``sign`` (a comparator) or ``says`` for a coded answer."""

    tag: str
    days: int | None
    value: float | None = None
    sign: str = ""
    unit: str | None = None
    says: str = ""
    parts: tuple[float | None, float | None] | None = None


@dataclass(frozen=True, slots=True)
class GivenDeed:
    """A procedure, encounter, request, report or plan with a code of the value set ``tag`` that counts as done or active."""

    kind: str
    tag: str
    days: int | None
    live: bool


@dataclass(slots=True)
class Story:
    """One generated hook request, and what it says."""

    hook: str
    today: date
    theme: str = "plain"
    calm: bool = False  # little beside the theme: one thing decides
    ages: tuple[int, int] | None = None
    sex: str = "male"
    problems: list[GivenProblem] = field(default_factory=list)
    medicines: list[GivenMedicine] = field(default_factory=list)
    drafts: list[GivenDraft] = field(default_factory=list)
    allergies: set[str] = field(default_factory=set)  # classes
    readings: list[GivenReading] = field(default_factory=list)
    deeds: list[GivenDeed] = field(default_factory=list)
    lost: set[str] = field(default_factory=set)  # resource types that could not be read, or not all
    request: dict[str, Any] = field(default_factory=dict, repr=False)

    def active(self, *classes: str) -> list[Remedy]:
        """The medicines of these classes on the active list."""
        return [m.remedy for m in self.medicines if m.active and not m.remedy.classes.isdisjoint(classes)]

    def drafted(self, *classes: str, gone: Iterable[str] = ()) -> list[Remedy]:
        """The drafts of these classes that stay when the drafts ``gone`` are deleted."""
        away = frozenset(gone)
        stay = [d for d in self.drafts if d.remedy and d.ref not in away]
        return [d.remedy for d in stay if d.remedy and not d.remedy.classes.isdisjoint(classes)]

    def current(self, *tags: str) -> bool:
        """Is a problem of these value sets current, or recorded so that nobody can tell?"""
        return any(p.tag in tags and p.state in ("current", "undated") for p in self.problems)

    def ever(self, *tags: str) -> bool:
        """Was a problem of these value sets ever recorded?"""
        return any(p.tag in tags and p.state != "void" for p in self.problems)

    def measured(self, tag: str, within: int = 365) -> Iterator[GivenReading]:
        """The readings of a kind within so many days."""
        return (r for r in self.readings if r.tag == tag and r.days is not None and 0 <= r.days <= within)

    def newest(self, tag: str, within: int = 365) -> list[GivenReading]:
        """The readings of the newest day."""
        found = list(self.measured(tag, within))
        day = min((r.days for r in found if r.days is not None), default=None)
        return [r for r in found if r.days == day]
