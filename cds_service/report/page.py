"""The report as one HTML file with plots; it needs nothing from elsewhere."""

from __future__ import annotations

import io
from importlib.resources import files
from typing import Any

import matplotlib
from jinja2 import Environment, select_autoescape
from markupsafe import Markup

from .figures import CardFigures, Figures
from .text import headline

matplotlib.use("svg")
from matplotlib import pyplot
from matplotlib.dates import DateFormatter
from matplotlib.ticker import MaxNLocator

_ACCEPTED, _OVERRIDDEN, _IGNORED = "#1b7837", "#b35806", "#bdbdbd"
_MOST_WEEKS = 26


def as_html(figures: Figures) -> str:
    """The page. Plots are inline SVG with text, so that they can be read out and searched."""
    with matplotlib.rc_context({"svg.fonttype": "none", "font.size": 9, "svg.hashsalt": "report"}):
        shown = [card for card in figures.cards if card.served]
        plots = {card.card: _weeks(card) for card in shown}
        overview = _overview(shown) if shown else Markup()
    environment = Environment(autoescape=select_autoescape(default=True), trim_blocks=True, lstrip_blocks=True)
    template = (files("cds_service.report") / "templates" / "report.html").read_text(encoding="utf-8")
    return environment.from_string(template).render(
        figures=figures, headline=headline(figures), overview=overview, plots=plots, verdict=verdict
    )


def verdict(card: CardFigures) -> str:
    """The first reading of the figures: a hint where to look, not a judgement."""
    if card.answered < 20:
        return "too few answers to tell"
    share = card.acceptance or 0.0
    if share >= 0.3:
        return "helps: many answers accept a suggestion"
    return "look at it: most answers override it" if share < 0.1 else "mixed"


def _overview(cards: list[CardFigures]) -> Markup:
    names = [card.card for card in reversed(cards)]
    figure, axes = pyplot.subplots(figsize=(9, 0.9 + 0.3 * len(cards)))
    left = [0] * len(cards)
    for label, colour, counts in (
        ("accepted", _ACCEPTED, [card.accepted for card in reversed(cards)]),
        ("overridden", _OVERRIDDEN, [card.overridden for card in reversed(cards)]),
        ("ignored", _IGNORED, [card.ignored for card in reversed(cards)]),
    ):
        axes.barh(names, counts, left=left, color=colour, label=label)
        left = [a + b for a, b in zip(left, counts, strict=True)]
    axes.set_xlabel("cards shown")
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3, frameon=False)
    return _svg(figure, "What became of the cards that were shown")


def _weeks(card: CardFigures) -> Markup:
    weeks: Any = sorted(card.weeks)[-_MOST_WEEKS:]  # matplotlib takes dates, its types do not say so
    figure, axes = pyplot.subplots(figsize=(5, 1.7))
    for label, colour in (("served", "#4d4d4d"), ("accepted", _ACCEPTED), ("overridden", _OVERRIDDEN)):
        axes.plot(weeks, [getattr(card.weeks[week], label) for week in weeks], color=colour, label=label, marker=".")
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xticks(weeks[:: max(1, len(weeks) // 8)])
    axes.xaxis.set_major_formatter(DateFormatter("%d %b"))  # type: ignore[no-untyped-call]
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3, frameon=False, fontsize=8)
    return _svg(figure, f"{card.card}: cards by week")


def _svg(figure: matplotlib.figure.Figure, title: str) -> Markup:
    out = io.StringIO()
    figure.savefig(out, format="svg", bbox_inches="tight", metadata={"Title": title, "Date": None, "Creator": None})
    pyplot.close(figure)
    text = out.getvalue()
    return Markup(text[text.index("<svg") :])  # noqa: S704 - made here from numbers and names of cards
