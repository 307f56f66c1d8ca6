"""One recommendation: what a file of the content folder says, checked and frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from .vocabulary import Line


class Kind(StrEnum):
    """What a card is for. The kind settles its gates and what an UNKNOWN does (decide.py)."""

    RED_FLAG = "red-flag"
    SAFETY = "safety"
    ADVICE = "advice"
    DATA = "data"


class Hook(StrEnum):
    PATIENT_VIEW = "patient-view"
    ORDER_SELECT = "order-select"
    ORDER_SIGN = "order-sign"


class Indicator(StrEnum):
    """The three levels of CDS Hooks, weakest first."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def level(self) -> int:
        return _LEVELS[self]


_LEVELS = {indicator: level for level, indicator in enumerate(Indicator)}


class Snooze(StrEnum):
    """For how long an answered card rests (pathway specification, C.1)."""

    NONE = "none"
    ENCOUNTER = "encounter"
    ENCOUNTER_24H = "encounter-24h"
    ORDER = "S-order"
    DAYS_7 = "S-7"
    DAYS_42 = "S-42"
    DAYS_90 = "S-90"
    DAYS_180 = "S-180"
    DAYS_90_DRUG = "S-90-drug"


@dataclass(frozen=True, slots=True)
class OverrideReason:
    code: str
    display: str
    category: str


@dataclass(frozen=True, slots=True)
class Link:
    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Band:
    """One form of an order: the first band whose lines all hold is drafted. ``template`` is the rest of the resource;
    ``dated`` are its members that hold ``@today``."""

    label: str
    when: tuple[Line, ...]
    template: Mapping[str, Any]
    dated: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Order:
    """Something a card can draft. ``unless``: a line that is true or unknown keeps the offer away. A ``changes_only`` order is no
    draft of its own: it names what is changed in one."""

    id: str
    title: str
    resource_type: str
    when: tuple[Line, ...]
    unless: tuple[Line, ...]
    bands: tuple[Band, ...]
    changes_only: bool = False  # only changes a draft, and is no order of its own


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One button. It creates ``order``, deletes the selected drafts of the class ``deletes``, gives the one selected draft of
    the class ``changes`` the dose of ``order``, or adds to the one selected draft of the kind ``completes`` what it lacks of
    ``order``. Offered only when every line of ``when`` holds."""

    label: str | None
    order: Order | None
    deletes: str | None
    changes: str | None
    when: tuple[Line, ...]
    completes: str | None = None


@dataclass(frozen=True, slots=True)
class Variant:
    """Replaces what it names when its lines hold; ``suggestions`` None means the card's own stay."""

    when: tuple[Line, ...]
    indicator: Indicator | None
    summary: str | None
    detail: str | None
    suggestions: tuple[Suggestion, ...] | None


@dataclass(frozen=True, slots=True)
class Escalation:
    to: Indicator
    when: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    statements: tuple[str, ...]
    references: tuple[str, ...]
    strength: str
    label: str


@dataclass(frozen=True, slots=True)
class Recommendation:
    id: str
    title: str
    kind: Kind
    stage: str
    hooks: tuple[Hook, ...]
    rank: int
    why: str
    evidence: Evidence
    review: Mapping[str, str]
    when: tuple[Line, ...]
    unless: tuple[Line, ...]
    yields_to: tuple[str, ...]
    cap_exempt: bool
    switch: str | None
    indicator: Indicator
    summary: str
    detail: str
    variants: tuple[Variant, ...]
    escalate: tuple[Escalation, ...]
    suggestions: tuple[Suggestion, ...]
    choose: str
    override_reasons: tuple[OverrideReason, ...]
    snooze: Snooze
    links: tuple[Link, ...]
    snooze_after: Mapping[str, Snooze] = field(default_factory=dict)  # other rests, by override reason
    despite: tuple[Line, ...] = ()  # what lifts the red-flag gate of advice

    @property
    def lines(self) -> tuple[Line, ...]:
        """Every line that the recommendation can ask, its suggestions included."""
        found = [*self.when, *self.unless, *self.despite]
        for variant in self.variants:
            found.extend(variant.when)
        for escalation in self.escalate:
            found.extend(escalation.when)
        suggestions = [*self.suggestions]
        for variant in self.variants:
            suggestions.extend(variant.suggestions or ())
        for suggestion in suggestions:
            found.extend(suggestion.when)
            if suggestion.order:
                found.extend((*suggestion.order.when, *suggestion.order.unless))
                for band in suggestion.order.bands:
                    found.extend(band.when)
        return tuple(found)
