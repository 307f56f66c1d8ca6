"""The catalogue of the cards: how they are grouped, and which of them hold the words of a search. No patient data."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from ..content import card_words
from ..content.library import Library
from ..content.line_words import plain, sentence
from ..content.statements import Statement
from ..pathway.recommendation import Hook
from .card_view import CardView

LONGEST = 200  # characters of a search that are looked at


class Grouping(StrEnum):
    """The switches of the catalogue."""

    STAGE = "stage"
    HOOK = "hook"
    STATEMENT = "statement"


@dataclass(frozen=True, slots=True)
class Row:
    """Some cards of a group; in the catalogue of statements they stand under the statement that they carry. ``fate`` says what
    became of a statement that no card carries."""

    cards: tuple[CardView, ...]
    id: str = ""
    gist: str = ""
    fate: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """One section of the catalogue."""

    id: str
    title: str
    summary: str
    rows: tuple[Row, ...]


class Catalogue:
    """All cards that have a page, in rank order."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.cards = {r.id: CardView(r, library) for r in library.recommendations if library.statuses[r.id] != "retired"}

    @cached_property
    def texts(self) -> dict[str, str]:
        """What is searched, each word once: a word is found in a text where it is found in one of these."""
        return {key: " ".join(_distinct(view.text.casefold().split())) for key, view in self.cards.items()}

    def found(self, query: str) -> frozenset[str]:
        """The cards in whose text every word of the query occurs; all of them for a query without words."""
        words = query[:LONGEST].casefold().split()
        return frozenset(key for key, text in self.texts.items() if all(word in text for word in words))

    def groups(self, by: Grouping, found: Collection[str]) -> list[Group]:
        """The sections with the cards that were found; a section without any is left out."""
        if len(found) == len(self.cards):
            return list(self._grouped[by])
        kept = [Group(g.id, g.title, g.summary, tuple(_only(g.rows, found))) for g in self._grouped[by]]
        return [group for group in kept if group.rows]

    @cached_property
    def _grouped(self) -> dict[Grouping, tuple[Group, ...]]:
        return {Grouping.STAGE: self._stages(), Grouping.HOOK: self._hooks(), Grouping.STATEMENT: self._sources()}

    def _stages(self) -> tuple[Group, ...]:
        found = [(stage, tuple(v for v in self.cards.values() if v.card.stage == stage.id)) for stage in self.library.stages]
        return tuple(Group(f"stage-{stage.id}", stage.title, stage.summary, (Row(cards),)) for stage, cards in found if cards)

    def _hooks(self) -> tuple[Group, ...]:
        found = [(hook, tuple(v for v in self.cards.values() if hook in v.card.hooks)) for hook in Hook]
        titles = {hook: sentence(words) for hook, words in card_words.HOOKS.items()}
        return tuple(Group(f"hook-{hook}", titles[hook], f"The hook {hook}.", (Row(cards),)) for hook, cards in found if cards)

    def _sources(self) -> tuple[Group, ...]:
        groups = []
        for source, title in self.library.sources.items():
            rows = []
            for statement in self.library.statements.values():
                carriers = tuple(v for v in self.cards.values() if statement.id in v.card.evidence.statements)
                if statement.source == source:
                    rows.append(Row(carriers, statement.id, statement.gist, "" if carriers else self._fate(statement)))
            groups.append(Group(f"source-{source}", f"{source}. {title}", "", tuple(rows)))
        without = tuple(v for v in self.cards.values() if not v.card.evidence.statements)
        summary = "They rest on outside references only."
        return (
            *groups,
            *[Group("source-none", "Cards without a statement of a source", summary, (Row(without),)) for _ in without[:1]],
        )

    def _fate(self, statement: Statement) -> str:
        rejected = self.library.conflicts.get(statement.rejected_by or "")
        if rejected:
            return f"No card may rest on it: {rejected.title} ({rejected.id})."
        if statement.value_sets:
            return f"Carried by value sets: {', '.join(map(plain, statement.value_sets))}."
        return f"No card: {statement.not_computable or 'none carries it yet'}."


def _only(rows: tuple[Row, ...], found: Collection[str]) -> Iterator[Row]:
    for row in rows:
        cards = tuple(view for view in row.cards if view.card.id in found)
        if cards:
            yield Row(cards, row.id, row.gist)


def _distinct(words: Collection[str]) -> list[str]:
    """Each word once, and none that is part of a longer one: what is found in the short one is found in the long one."""
    kept: list[str] = []
    whole = ""
    for word in sorted(set(words), key=lambda word: (-len(word), word)):
        if word not in whole:
            kept.append(word)
            whole += f" {word}"
    return kept
