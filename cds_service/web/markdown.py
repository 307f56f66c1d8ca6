"""Markdown of cards and descriptions as HTML. HTML inside it is escaped, so that no text of a record becomes markup."""

from __future__ import annotations

from markdown_it import MarkdownIt
from markupsafe import Markup

_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")


def as_html(text: str) -> Markup:
    """The text as HTML."""
    return Markup(_MARKDOWN.render(text))  # noqa: S704  (what is HTML in the text comes out escaped)
