"""The readable page of one recommendation, generated from its file. No patient data."""

from __future__ import annotations

import re

from flask import Blueprint, Response, render_template
from markdown_it import MarkdownIt
from markupsafe import Markup

from ..compose import DECISION_PHRASES
from ..content.library import Library
from ..errors import NotFound
from ..pathway.recommendation import Recommendation
from ..pathway.vocabulary import PHRASES, Line

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_MARKDOWN = MarkdownIt("commonmark", {"html": False})


def card_pages(library: Library) -> Blueprint:
    """``/cards/{id}`` for every recommendation that is not retired."""
    blueprint = Blueprint("cards", __name__, template_folder="templates")
    shown = {r.id: r for r in library.recommendations if library.statuses[r.id] != "retired"}

    @blueprint.get("/cards/<card_id>")
    def page(card_id: str) -> Response:
        recommendation = shown.get(card_id)
        if recommendation is None:
            raise NotFound("there is no such card")
        return Response(_render(recommendation, library), mimetype="text/html")

    return blueprint


def _render(recommendation: Recommendation, library: Library) -> str:
    return render_template(
        "card.html",
        card=recommendation,
        detail=_text(recommendation.detail),
        variants=[(v, _text(v.detail) if v.detail else None) for v in recommendation.variants],
        meaning=_meaning,
        cases=library.cases[recommendation.id],
        status=library.statuses[recommendation.id],
        version=library.version,
    )


def _meaning(line: Line) -> str:
    """What a line asks, in the words of the vocabulary."""
    return " ".join(line.entry.meaning.split())


def _text(template: str) -> Markup:
    """A card's Markdown as HTML; what is filled in from the chart is named instead."""
    named = _PLACEHOLDER.sub(lambda m: f"*[{_said(m[1])}]*", template)
    return Markup(_MARKDOWN.render(named))  # noqa: S704  (content files only, and HTML in them is escaped)


def _said(name: str) -> str:
    meaning = DECISION_PHRASES.get(name) or PHRASES[name].meaning
    return " ".join(meaning.split()).rstrip(".").lower()
