"""The chart: what the record says, in the words of the pathway, with its gaps. Findings read nothing else."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import wraps
from operator import attrgetter
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

from .answers import Answer
from .dates import When

T = TypeVar("T")
Concepts = frozenset[str]
NOTHING: Concepts = frozenset()

# The parts a chart is read in. What each is read from is the business of fhir/prefetch.py.
SECTIONS = (
    "person",
    "problems",
    "readings",
    "medicines",
    "allergies",
    "treatments",
    "contacts",
    "requests",
    "reports",
    "plans",
    "teaching",
)


# Records are named tuples: as immutable as frozen dataclasses, and much cheaper to make by the hundred.


class Gap(NamedTuple):
    """Something that should have been read and was not. ``what`` is safe to show: a kind of record, never its content."""

    section: str
    what: str
    reason: str


class Person(NamedTuple):
    born: When | None = None
    sex: str | None = None
    deceased: bool = False
    ref: str = ""


NOBODY = Person()


class Problem(NamedTuple):
    """One entry of the problem list or one encounter diagnosis. Refuted entries and errors never become problems."""

    ref: str
    name: str
    concepts: Concepts
    current: Answer
    suspected: bool = False
    in_remission: bool = False
    onset: When | None = None
    recorded: When | None = None
    sides: Concepts = NOTHING
    places: tuple[Concepts, ...] = ()  # what each named body site stands for; a mere side is none

    @property
    def began(self) -> When | None:
        """Onset, else the day it was recorded."""
        return self.onset or self.recorded

    @property
    def entered(self) -> When | None:
        """The day it was recorded, else its onset."""
        return self.recorded or self.onset


class Reading(NamedTuple):
    """A measurement, score, laboratory value or coded finding."""

    ref: str
    code: str
    concepts: Concepts
    when: When | None
    value: float | None = None
    unit: str | None = None
    comparator: str | None = None
    meaning: Concepts = NOTHING
    present: bool | None = None
    on: When | None = None
    parts: tuple[tuple[Concepts, float], ...] = ()
    sides: Concepts = NOTHING
    places: tuple[Concepts, ...] = ()  # of a finding: what each named body site stands for


class Contact(NamedTuple):
    """An encounter: ``took_place`` is false for planned and cancelled ones."""

    ref: str
    concepts: Concepts
    when: When | None
    took_place: bool
    under_way: bool
    reasons: Concepts = NOTHING
    discharge: Concepts = NOTHING


class Treatment(NamedTuple):
    """A procedure that was done or is under way. ``details`` are what was used and how it turned out."""

    ref: str
    concepts: Concepts
    when: When | None
    completed: bool
    details: Concepts = NOTHING
    sides: Concepts = NOTHING


class Request(NamedTuple):
    """An order or referral already in the record (not of this session)."""

    ref: str
    concepts: Concepts
    when: When | None
    active: bool


class Report(NamedTuple):
    ref: str
    concepts: Concepts
    conclusions: Concepts
    when: When | None


class Plan(NamedTuple):
    """A care plan, an episode of care or a flag."""

    ref: str
    concepts: Concepts
    active: bool
    finished: bool
    ended: When | None = None
    began: When | None = None


class Teaching(NamedTuple):
    """Education that was given or handed out, as a communication or a document."""

    ref: str
    when: When | None


class Allergy(NamedTuple):
    ref: str
    classes: Concepts
    ingredients: Concepts


class Medicine(NamedTuple):
    """A medicine on the list, one of the past, or a draft of this session.

    ``daily_mg`` is the highest daily dose that the dosage supports in mg, None when it cannot be computed;
    ``mcg_per_hour`` is the rate of a patch.
    """

    ref: str
    name: str
    classes: Concepts = NOTHING
    ingredients: Concepts = NOTHING
    status: str = "active"
    on_list: bool = False
    do_not_give: bool = False
    ordered: When | None = None
    start: When | None = None
    end: When | None = None
    daily_mg: float | None = None
    extended_release: bool = False
    single_dose: bool = False
    inpatient: bool = False
    why_stopped: Concepts = NOTHING
    mcg_per_hour: float | None = None
    reasons: Concepts = NOTHING


class Reason(NamedTuple):
    """The coded reason of an order, or the problem it points to."""

    concepts: Concepts
    name: str
    problem: str = ""


class Draft(NamedTuple):
    """An unsigned order of this session: a medicine, or a service with its code (``concepts``) and its ``details``.

    ``states_length`` and ``states_content``: does a service say how long or how much, and what is to be done?
    ``uncoded_details``: is one of its details without a code that is known? ``resource`` is the order as it came, for
    suggestions that change it.
    """

    ref: str
    selected: bool
    medicine: Medicine | None = None
    concepts: Concepts = NOTHING
    reasons: tuple[Reason, ...] = ()
    resource: Mapping[str, Any] = MappingProxyType({})
    title: str = ""
    details: Concepts = NOTHING
    sides: Concepts = NOTHING
    states_length: bool = False
    states_content: bool = False
    uncoded_details: bool = False

    @property
    def name(self) -> str:
        """What is ordered, in words."""
        return self.medicine.name if self.medicine else self.title or "an order"

    def is_of(self, what: str) -> bool:
        """Is it a medicine of this class, or a service of this value set?"""
        return what in (self.medicine.classes if self.medicine else self.concepts)


# Where the memo of a chart keeps each index.
_PROBLEMS, _READINGS, _MEDICINES = object(), object(), object()
_CONCEPTS: Callable[[Any], Concepts] = attrgetter("concepts")
_CLASSES: Callable[[Any], Concepts] = attrgetter("classes")


def _by_set(records: Iterable[T], sets_of: Callable[[T], Concepts]) -> dict[str, list[T]]:
    found: dict[str, list[T]] = {}
    for record in records:
        for name in sets_of(record):
            found.setdefault(name, []).append(record)
    return found


def _of_any(index: Mapping[str, list[T]], records: Iterable[T], what: Collection[str]) -> Sequence[T]:
    if index.keys().isdisjoint(what):
        return ()
    found = index.keys() & what
    if len(found) == 1:
        return index[found.pop()]
    wanted = {id(record) for name in found for record in index[name]}
    return [record for record in records if id(record) in wanted]


@dataclass(frozen=True)
class Chart:
    """Everything the findings may ask, for one patient on one day."""

    today: date
    person: Person = NOBODY
    problems: tuple[Problem, ...] = ()
    readings: tuple[Reading, ...] = ()
    medicines: tuple[Medicine, ...] = ()
    allergies: tuple[Allergy, ...] = ()
    treatments: tuple[Treatment, ...] = ()
    contacts: tuple[Contact, ...] = ()
    requests: tuple[Request, ...] = ()
    reports: tuple[Report, ...] = ()
    plans: tuple[Plan, ...] = ()
    teaching: tuple[Teaching, ...] = ()
    drafts: tuple[Draft, ...] = ()
    gaps: tuple[Gap, ...] = ()
    memo: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)

    def unread(self, *sections: str) -> tuple[Gap, ...]:
        """The gaps in these sections: while there is one, absence in them proves nothing."""
        if not self.gaps:
            return ()
        return tuple(gap for gap in self.gaps if gap.section in sections)

    def absence(self, *sections: str) -> Answer:
        """The answer to "is it there?" when nothing was found: NO, or UNKNOWN where a section has a gap."""
        return Answer.UNKNOWN if self.gaps and self.unread(*sections) else Answer.NO

    def without_drafts(self, refs: Iterable[str]) -> Chart:
        """The chart as it would be after these drafts were deleted."""
        gone = frozenset(refs)
        if not gone:
            return self
        kept = {key: self.memo[key] for key in (_PROBLEMS, _READINGS, _MEDICINES) if key in self.memo}  # no draft is in them
        return replace(self, drafts=tuple(d for d in self.drafts if d.ref not in gone), memo=kept)

    # Dozens of findings look for a record or two each: none of them passes over all of a long chart.

    def problems_of(self, what: str) -> Sequence[Problem]:
        """The problems of a value set, in their order."""
        return self._index(_PROBLEMS, self.problems, _CONCEPTS).get(what, ())

    def problems_of_any(self, what: Collection[str]) -> Sequence[Problem]:
        """The problems of one of these value sets, in their order."""
        return _of_any(self._index(_PROBLEMS, self.problems, _CONCEPTS), self.problems, what)

    def readings_of(self, what: str) -> Sequence[Reading]:
        """The readings of a value set, in their order."""
        return self._index(_READINGS, self.readings, _CONCEPTS).get(what, ())

    def readings_of_any(self, what: Collection[str]) -> Sequence[Reading]:
        """The readings of one of these value sets, in their order."""
        return _of_any(self._index(_READINGS, self.readings, _CONCEPTS), self.readings, what)

    def medicines_of(self, what: str) -> Sequence[Medicine]:
        """The medicines of a class, in their order."""
        return self._index(_MEDICINES, self.medicines, _CLASSES).get(what, ())

    def _index(self, key: object, records: Iterable[T], sets_of: Callable[[T], Concepts]) -> dict[str, list[T]]:
        known: dict[str, list[T]] | None = self.memo.get(key)
        if known is None:
            known = self.memo[key] = _by_set(records, sets_of)
        return known

    @property
    def selected(self) -> tuple[Draft, ...]:
        if not self.drafts:
            return ()
        return tuple(draft for draft in self.drafts if draft.selected)


_NEVER: Any = object()


def once(compute: Callable[[Chart], T]) -> Callable[[Chart], T]:
    """A fact derived from the chart, computed at most once per chart."""

    @wraps(compute)
    def fact(chart: Chart) -> T:
        known: T = chart.memo.get(compute, _NEVER)
        if known is _NEVER:
            known = chart.memo[compute] = compute(chart)
        return known

    return fact
