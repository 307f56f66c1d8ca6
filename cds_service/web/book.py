"""The review book: one printed page a card, with a line to sign. No patient data."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from markupsafe import Markup

from .card_view import CardView
from .catalogue import Catalogue, Grouping
from .html import render

# How many characters a page of A4 holds at each size of type (catalogue.css, .leaf-0 and the others), measured in a browser.
_HOLDS = (5900, 7500, 8200, 11000)
_EASY = 2  # sizes that are read without effort; cases are told in short before a smaller one is taken


class Telling(StrEnum):
    """How much of the cases is told, until the card fits on its page."""

    FULL = "full"
    WITHOUT_RECORD = "without record"
    LEVEL_ONLY = "level only"
    COUNTED = "counted"


class Leaf(NamedTuple):
    """One page: the card, its text and the size of type at which it fits."""

    id: str
    text: Markup
    size: int


def review_book(catalogue: Catalogue, root: str) -> str:
    """The whole book: a cover with the contents by stage, then the cards in their order."""
    return render(
        "book.html",
        root=root,
        catalogue=catalogue,
        library=catalogue.library,
        groups=catalogue.groups(Grouping.STAGE, catalogue.cards),
        leaves=[_leaf(view) for view in catalogue.cards.values()],
    )


def _leaf(view: CardView) -> Leaf:
    """The fullest telling that fits in a type of easy size. Where none does, the shortest in a smaller one."""
    for telling in Telling:
        text = Markup(render("leaf.html", view=view, library=view.library, telling=telling))  # noqa: S704  (a template of ours)
        length = len(text.striptags())
        size = next((size for size, holds in enumerate(_HOLDS[:_EASY]) if length <= holds), None)
        if size is not None:
            return Leaf(view.card.id, text, size)
    return Leaf(view.card.id, text, next((size for size, holds in enumerate(_HOLDS) if length <= holds), len(_HOLDS) - 1))
