"""The pages about the cards: the catalogue, one page a card, and the review book. Cards do not change while the process runs, so
each page is rendered when it is first asked for and kept; only a search is answered anew. No patient data."""

from __future__ import annotations

from functools import cache

from flask import Blueprint, Response, request

from ..content.library import Library
from ..errors import NotFound
from .book import review_book
from .catalogue import LONGEST, Catalogue, Grouping
from .html import html, render


def card_pages(library: Library) -> Blueprint:
    """``/cards``, ``/cards/{id}`` and ``/cards/book``, for every card that is not retired."""
    blueprint = Blueprint("cards", __name__, template_folder="templates")
    catalogue = Catalogue(library)

    def listed(by: Grouping, query: str, root: str) -> str:
        found = catalogue.found(query)
        groups = catalogue.groups(by, found)
        return render(
            "catalogue.html", root=root, catalogue=catalogue, groups=groups, found=found, by=by, query=query, library=library
        )

    @cache
    def whole(by: Grouping, root: str) -> str:
        return listed(by, "", root)

    @cache
    def one(card_id: str) -> str:
        return render("card.html", root="../", view=catalogue.cards[card_id], library=library)

    @cache
    def bound() -> str:
        return review_book(catalogue, "../")

    # With and without a slash at the end, and without a redirect: a gateway that strips a prefix could not lead back.
    @blueprint.get("/cards", strict_slashes=False)
    def index() -> Response:
        root = "../" if request.path.endswith("/") else ""
        query = " ".join(request.args.get("q", "").split())[:LONGEST]
        by = _grouping(request.args.get("by", ""))
        return html(listed(by, query, root) if query else whole(by, root))

    @blueprint.get("/cards/book")
    def book() -> Response:
        return html(bound())

    @blueprint.get("/cards/<card_id>")
    def page(card_id: str) -> Response:
        if card_id not in catalogue.cards:
            raise NotFound("there is no such card")
        return html(one(card_id))

    return blueprint


def _grouping(given: str) -> Grouping:
    return Grouping(given) if given in list(Grouping) else Grouping.STAGE
