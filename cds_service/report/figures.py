"""The figures of a report, counted in the database."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, case, func, select

from ..memory.engine import take_your_time
from ..memory.store import Memory
from ..memory.tables import accepted, calls, cards, feedback, suggestions


@dataclass
class Week:
    """One week of a card."""

    served: int = 0
    accepted: int = 0
    overridden: int = 0


@dataclass
class CardFigures:
    """One card. ``served`` cards are either accepted, overridden or ignored; ``withheld`` ones are of clients in shadow mode."""

    card: str
    served: int = 0
    withheld: int = 0
    accepted: int = 0
    overridden: int = 0
    comments: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    suggestions: Counter[str] = field(default_factory=Counter)
    versions: Counter[str] = field(default_factory=Counter)
    clients: Counter[str] = field(default_factory=Counter)
    weeks: dict[date, Week] = field(default_factory=dict)

    @property
    def ignored(self) -> int:
        """Shown and neither accepted nor overridden. Clients never report these."""
        return self.served - self.accepted - self.overridden

    @property
    def answered(self) -> int:
        return self.accepted + self.overridden

    @property
    def acceptance(self) -> float | None:
        """The share of the answers that accepted something, None without an answer."""
        return self.accepted / self.answered if self.answered else None


@dataclass
class Figures:
    """Everything that a report tells. ``calls`` and ``shadow_calls`` are answered hook calls."""

    since: date | None
    until: date
    calls: int
    shadow_calls: int
    cards: list[CardFigures]
    unknown: int  # feedback on cards that are not known here

    def per_100(self, card: CardFigures) -> float:
        """How often a card was shown in a hundred calls of clients that are live."""
        return 100 * card.served / self.calls if self.calls else 0.0

    def per_100_withheld(self, card: CardFigures) -> float:
        """How often it would have been shown in a hundred calls of clients in shadow mode."""
        return 100 * card.withheld / self.shadow_calls if self.shadow_calls else 0.0


def figures(memory: Memory, since: date | None, until: date) -> Figures:
    """Counts everything since a day. Raises MemoryDown."""
    start = datetime.combine(since or date.min, datetime.min.time())
    found: dict[str, CardFigures] = {}

    def of(card: str) -> CardFigures:
        return found.setdefault(card, CardFigures(card))

    with memory.reading() as connection:
        take_your_time(connection)
        live, shadow = _calls(connection, start)
        for card, client, content, hidden, day, served, taken, refused in connection.execute(_daily(start)):
            figure = of(card)
            if hidden:
                figure.withheld += served
                figure.clients[f"{client} (shadow)"] += served
                continue
            figure.served += served
            figure.accepted += taken
            figure.overridden += refused
            figure.versions[content] += served
            figure.clients[client] += served
            week = figure.weeks.setdefault(_monday(str(day)), Week())
            week.served += served
            week.accepted += taken
            week.overridden += refused
        for card, reason, comments, count in connection.execute(_reasons(start)):
            of(card).reasons[reason or "no reason"] += count
            of(card).comments += comments
        for card, name, count in connection.execute(_suggestions(start)):
            of(card).suggestions[name] += count
        strangers = select(func.count()).select_from(feedback).where(feedback.c.known.is_(False), feedback.c.received_at >= start)
        unknown = connection.execute(strangers).scalar_one()
    ordered = sorted(found.values(), key=lambda c: (-c.served, -c.withheld, c.card))
    return Figures(since, until, live, shadow, ordered, unknown)


def _calls(connection: Connection, start: datetime) -> tuple[int, int]:
    query = select(calls.c.shadow, func.count()).where(calls.c.at >= start).group_by(calls.c.shadow)
    counted = {bool(hidden): count for hidden, count in connection.execute(query)}
    return counted.get(False, 0), counted.get(True, 0)


def _daily(start: datetime) -> Select[*tuple[Any, ...]]:
    """Cards by day, each with what became of it: accepted if anything was, else overridden if it was."""
    took = func.max(case((feedback.c.outcome == "accepted", 1), else_=0))
    answers = (
        select(feedback.c.client, feedback.c.card, took.label("took")).group_by(feedback.c.client, feedback.c.card).subquery()
    )
    day = func.date(calls.c.at)
    keys = (cards.c.card, calls.c.client, calls.c.content, calls.c.shadow, day)
    return (
        select(
            *keys,
            func.count(),
            func.coalesce(func.sum(answers.c.took), 0),
            func.coalesce(func.sum(1 - answers.c.took), 0),
        )
        .join_from(cards, calls, cards.c.call == calls.c.id)
        .outerjoin(answers, (answers.c.card == cards.c.uuid) & (answers.c.client == calls.c.client))
        .where(calls.c.at >= start)
        .group_by(*keys)
    )


def _reasons(start: datetime) -> Select[*tuple[Any, ...]]:
    commented = func.sum(case((feedback.c.commented, 1), else_=0))
    return (
        select(cards.c.card, feedback.c.reason, commented, func.count())
        .join_from(feedback, cards, feedback.c.card == cards.c.uuid)
        .join(calls, (cards.c.call == calls.c.id) & (calls.c.client == feedback.c.client))
        .where(calls.c.at >= start, feedback.c.outcome == "overridden")
        .group_by(cards.c.card, feedback.c.reason)
    )


def _suggestions(start: datetime) -> Select[*tuple[Any, ...]]:
    return (
        select(cards.c.card, suggestions.c.name, func.count())
        .join_from(accepted, suggestions, accepted.c.suggestion == suggestions.c.uuid)
        .join(cards, suggestions.c.card == cards.c.uuid)
        .join(calls, cards.c.call == calls.c.id)
        .where(calls.c.at >= start)
        .group_by(cards.c.card, suggestions.c.name)
    )


def _monday(day: str) -> date:
    found = date.fromisoformat(day[:10])
    return found - timedelta(days=found.weekday())
