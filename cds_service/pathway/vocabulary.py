"""The vocabulary: every finding that a card may name, with its meaning, its values and what it reads.

A finding is a function of the chart. Its docstring is the page clinicians read, its signature the schema of a card's line.
Phrases are the same for the text of a card: named pieces of the chart that stand in curly braces.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import Any, NewType

from .answers import Finding
from .chart import SECTIONS, Chart
from .dosing import Factors, Limits

ValueSet = NewType("ValueSet", str)
"""The name of a value set of the content folder."""

Ask = Callable[..., Finding]
Say = Callable[[Chart], str | tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    kind: Any  # ValueSet, int, float, an Enum, or a list of one of them
    required: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """One word of the vocabulary."""

    name: str
    ask: Ask
    reads: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    meaning: str
    subject: str


@dataclass(frozen=True, slots=True)
class Phrase:
    """A piece of card text that is made from the chart: a run of words, or the items of a list."""

    name: str
    say: Say
    reads: tuple[str, ...]
    meaning: str


FINDINGS: dict[str, Entry] = {}
PHRASES: dict[str, Phrase] = {}
CONCEPTS: set[str] = set()


def concept(name: str) -> ValueSet:
    """Names a value set that Python relies on, so that the content is checked for it at start."""
    CONCEPTS.add(name)
    return ValueSet(name)


def finding(*, reads: tuple[str, ...]) -> Callable[[Ask], Ask]:
    """Adds a function to the vocabulary. ``reads`` are the sections of the chart that its answer rests on."""

    def register(ask: Ask) -> Ask:
        name = ask.__name__
        _check(name, ask.__doc__, reads, FINDINGS)
        hints = typing.get_type_hints(ask)
        parameters = tuple(
            Parameter(p.name, hints[p.name], p.default is inspect.Parameter.empty)
            for p in list(inspect.signature(ask).parameters.values())[1:]
        )
        FINDINGS[name] = Entry(name, ask, reads, parameters, inspect.getdoc(ask) or "", ask.__module__.rsplit(".", 1)[-1])
        return ask

    return register


def phrase(*, reads: tuple[str, ...]) -> Callable[[Say], Say]:
    """Adds a function to the phrases that the text of a card may use."""

    def register(say: Say) -> Say:
        _check(say.__name__, say.__doc__, reads, PHRASES)
        PHRASES[say.__name__] = Phrase(say.__name__, say, reads, inspect.getdoc(say) or "")
        return say

    return register


def _check(name: str, doc: str | None, reads: tuple[str, ...], known: Mapping[str, object]) -> None:
    if not doc or name in known or not set(reads) <= set(SECTIONS):
        raise ValueError(f"{name}: a docstring, a name of its own and known sections are needed")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of ``when`` or ``unless``: a finding with its values."""

    text: str
    entry: Entry
    values: tuple[tuple[str, Any], ...]
    _ask: Callable[[Chart], Finding] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """The finding takes its values once, not at every call."""
        bound = partial(self.entry.ask, **dict(self.values)) if self.values else self.entry.ask
        object.__setattr__(self, "_ask", bound)

    def ask(self, chart: Chart) -> Finding:
        """The answer for this chart; asked at most once per chart and values."""
        known: Finding | None = chart.memo.get(self.text)  # the text is unique for a finding with its values
        if known is None:
            known = chart.memo[self.text] = self._ask(chart)
        return known

    @property
    def reads(self) -> tuple[str, ...]:
        return self.entry.reads


class LineError(ValueError):
    """A line that is not of the vocabulary; its text says why."""


@dataclass(frozen=True, slots=True)
class Names:
    """What the values of a line may name: value sets, tables of dose limits, and tables of opioid factors."""

    value_sets: frozenset[str]
    limits: Mapping[str, Limits]
    factors: Mapping[str, Factors] = field(default_factory=dict)


def parse_line(raw: object, names: Names) -> Line:
    """Reads one line of a card: a name, ``{name: value}`` or ``{name: {parameter: value}}``.

    Raises LineError for an unknown finding, value set or parameter, or a value of the wrong type.
    """
    name, given = _name_and_values(raw)
    entry = FINDINGS.get(name)
    if entry is None:
        raise LineError(f"unknown finding {name!r}")
    if not isinstance(given, dict):
        if len(entry.parameters) != 1 and given is not None:
            raise LineError(f"{name} takes {_wanted(entry)}")
        given = {} if given is None else {entry.parameters[0].name: given}
    given = {str(key): value for key, value in given.items()}
    extra = sorted(set(given) - {p.name for p in entry.parameters})
    missing = [p.name for p in entry.parameters if p.required and p.name not in given]
    if extra or missing:
        raise LineError(f"{name} takes {_wanted(entry)}, not {', '.join(sorted(given)) or 'nothing'}")
    values = tuple((p.name, _value(name, p.kind, given[p.name], names)) for p in entry.parameters if p.name in given)
    text = (
        name + "".join(f" {value_text(v)}" for _, v in values)
        if len(values) < 2
        else name + " " + ", ".join(f"{k} {value_text(v)}" for k, v in values)
    )
    return Line(text, entry, values)


def value_text(value: Any) -> str:
    """A value as a card writes it."""
    if isinstance(value, Limits | Factors):
        return value.name
    return ", ".join(str(v) for v in value) if isinstance(value, tuple) else str(value)


def _name_and_values(raw: object) -> tuple[str, Any]:
    if isinstance(raw, str):
        return raw, None
    if isinstance(raw, dict) and len(raw) == 1:
        ((name, given),) = raw.items()
        if isinstance(name, str) and given is not None:
            return name, given
    raise LineError("a line is a finding, or a finding with its values")


def _wanted(entry: Entry) -> str:
    return " and ".join(p.name for p in entry.parameters) or "no value"


def _value(name: str, kind: Any, given: Any, names: Names) -> Any:
    if typing.get_origin(kind) is tuple:
        items = given if isinstance(given, list) else [given]
        if not items:
            raise LineError(f"{name}: an empty list never holds")
        return tuple(_value(name, typing.get_args(kind)[0], item, names) for item in items)
    if kind is ValueSet:
        if not isinstance(given, str) or given not in names.value_sets:
            raise LineError(f"{name}: unknown value set {given!r}")
        return given
    if kind is Limits:
        if not isinstance(given, str) or given not in names.limits:
            raise LineError(f"{name}: unknown dose limits {given!r}")
        return names.limits[given]
    if kind is Factors:
        if not isinstance(given, str) or given not in names.factors:
            raise LineError(f"{name}: unknown opioid factors {given!r}")
        return names.factors[given]
    if kind is int and isinstance(given, int) and not isinstance(given, bool):
        return given
    if kind is float and isinstance(given, int | float) and not isinstance(given, bool):
        return float(given)
    if inspect.isclass(kind) and issubclass(kind, StrEnum):
        if given in [item.value for item in kind]:
            return kind(given)
        raise LineError(f"{name}: {given!r} is not one of {', '.join(kind)}")
    raise LineError(f"{name}: {given!r} is not a {getattr(kind, '__name__', kind)}")
