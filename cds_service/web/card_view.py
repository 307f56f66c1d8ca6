"""One card as its page and the review book show it: texts as HTML, everything else in words. No patient data."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from markupsafe import Markup

from ..content import card_words
from ..content.case_words import CaseWords, case_words
from ..content.library import Library
from ..content.line_words import line_words, meaning, sentence
from ..content.statements import Conflict, Statement
from ..pathway.recommendation import Recommendation, Suggestion
from ..pathway.vocabulary import Line
from .markdown import as_html

_PLACEHOLDER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class LineView:
    """A line in words, as the file has it, and what it asks."""

    words: str
    written: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Form:
    """A variant of the card: when it takes the place of the usual form, and what it replaces. None means: as usual."""

    when: tuple[LineView, ...]
    level: str | None
    indicator: str
    summary: str | None
    detail: Markup | None
    offers: tuple[card_words.Offer, ...] | None


@dataclass(frozen=True)
class CardView:
    """A card beside the library that it stands in; what a template asks is made when it is asked."""

    card: Recommendation
    library: Library

    @property
    def kind(self) -> str:
        return card_words.KINDS[self.card.kind]

    @property
    def level(self) -> str:
        return card_words.LEVELS[self.card.indicator]

    @property
    def shown_on(self) -> str:
        return card_words.shown_on(self.card)

    @property
    def asked(self) -> str:
        """The moment of work at which its cases are run."""
        return card_words.HOOKS[self.card.hooks[0]].removeprefix("when ")

    @property
    def stage(self) -> str:
        return next((stage.title for stage in self.library.stages if stage.id == self.card.stage), self.card.stage)

    @property
    def status(self) -> str:
        return self.library.statuses[self.card.id]

    @cached_property
    def detail(self) -> Markup:
        return _html(self.card.detail)

    @property
    def when(self) -> tuple[LineView, ...]:
        return lines(self.card.when)

    @property
    def unless(self) -> tuple[LineView, ...]:
        return lines(self.card.unless)

    @property
    def gates(self) -> list[tuple[str, str]]:
        return [(words, meaning(line)) for words, line in card_words.gates(self.card)]

    @property
    def unknown(self) -> tuple[str, ...]:
        return card_words.unknown(self.card)

    @property
    def yields_to(self) -> list[tuple[str, str | None]]:
        """The cards that keep this one away by title, with their id where they have a page."""
        titles = {r.id: r.title for r in self.library.recommendations}
        return [
            (titles.get(key, key), key if self.library.statuses.get(key, "retired") != "retired" else None)
            for key in self.card.yields_to
        ]

    @property
    def limits(self) -> list[str]:
        return card_words.limits(self.card)

    @property
    def offers(self) -> tuple[card_words.Offer, ...]:
        return _offers(self.card.suggestions)

    @property
    def forms(self) -> list[Form]:
        """The variants in the order in which they are tried."""
        return [
            Form(
                lines(v.when),
                card_words.LEVELS[v.indicator] if v.indicator else None,
                (v.indicator or self.card.indicator).value,
                v.summary,
                _html(v.detail) if v.detail else None,
                None if v.suggestions is None else _offers(v.suggestions),
            )
            for v in self.card.variants
        ]

    @property
    def raised(self) -> list[tuple[str, tuple[LineView, ...]]]:
        """The levels to which the card is raised, with the lines that do so."""
        return [(card_words.LEVELS[step.to], lines(step.when)) for step in self.card.escalate]

    @property
    def rest(self) -> list[str]:
        return card_words.rest(self.card)

    @property
    def statements(self) -> list[Statement]:
        return [self.library.statements[key] for key in self.card.evidence.statements]

    @property
    def conflicts(self) -> tuple[Conflict, ...]:
        return card_words.conflicts_of(self.library, self.card)

    @cached_property
    def cases(self) -> list[CaseWords]:
        return [case_words(case) for case in self.library.cases[self.card.id]]

    @cached_property
    def text(self) -> str:
        """Everything that a search looks at: the words of the page, without its cases."""
        card = self.card
        texts = [card.id, card.title, card.summary, card.detail, card.why, card.evidence.strength, card.evidence.label, self.kind]
        texts += [link.label for link in card.links]
        texts += [text for v in card.variants for text in (v.summary, v.detail) if text]
        texts += [f"{s.id} {s.gist}" for s in self.statements]
        texts += [f"{c.id} {c.title}" for c in self.conflicts]
        texts += [f"{line.text} {line_words(line)} {meaning(line)}" for line in dict.fromkeys(card.lines)]
        for made in (*self.offers, *(o for form in self.forms for o in form.offers or ())):
            texts += [made.title, *(band.label for band in made.bands)]
        return " ".join(texts)


def lines(found: Iterable[Line]) -> tuple[LineView, ...]:
    """Lines as a page shows them."""
    return tuple(LineView(sentence(line_words(line)), line.text, meaning(line)) for line in found)


def _offers(suggestions: Iterable[Suggestion]) -> tuple[card_words.Offer, ...]:
    return tuple(card_words.offer(suggestion) for suggestion in suggestions)


def _html(template: str) -> Markup:
    """A card's Markdown as HTML; what is filled in from the chart is named instead."""
    named = _PLACEHOLDER.sub(lambda m: f"*[{card_words.named_phrase(m[1])}]*", template)
    return as_html(named)
