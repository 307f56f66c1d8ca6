"""The report as a table for a terminal, and as CSV."""

from __future__ import annotations

import csv
import io

from .figures import CardFigures, Figures

COLUMNS = (
    "card",
    "served",
    "per 100 calls",
    "accepted",
    "overridden",
    "ignored",
    "acceptance of answers",
    "override reasons",
    "accepted suggestions",
    "comments",
    "withheld (shadow)",
    "per 100 shadow calls",
    "content versions",
)


def _counted(counter: dict[str, int]) -> str:
    """The most frequent first. Names come from clients: no line breaks, and nothing that a spreadsheet would compute."""
    ordered = sorted(counter.items(), key=lambda item: (-item[1], item[0]))
    return "; ".join(f"{' '.join(name.split()).lstrip('=+-@')} {count}" for name, count in ordered)


def _row(figures: Figures, card: CardFigures) -> list[object]:
    share = card.acceptance
    return [
        card.card,
        card.served,
        round(figures.per_100(card), 1),
        card.accepted,
        card.overridden,
        card.ignored,
        "" if share is None else f"{share:.0%}",
        _counted(card.reasons),
        _counted(card.suggestions),
        card.comments,
        card.withheld,
        round(figures.per_100_withheld(card), 1),
        _counted(card.versions),
    ]


def as_csv(figures: Figures) -> str:
    """One line a card, the most shown first."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(_row(figures, card) for card in figures.cards)
    return out.getvalue()


def headline(figures: Figures) -> str:
    """What the report is about."""
    since = f"since {figures.since}" if figures.since else "since the beginning"
    shadow = f", {figures.shadow_calls} in shadow mode" if figures.shadow_calls else ""
    unknown = f" Feedback on cards that are not known here: {figures.unknown}." if figures.unknown else ""
    return f"{figures.calls} hook calls {since} until {figures.until}{shadow}.{unknown}"


def as_text(figures: Figures) -> str:
    """A table of the numbers, and below it the reasons of each card."""
    head = f"{'card':<40} {'served':>7} {'/100':>6} {'accepted':>9} {'overridden':>11} {'ignored':>8} {'withheld':>9}"
    lines = [headline(figures), "", head]
    for card in figures.cards:
        lines.append(
            f"{card.card:<40} {card.served:>7} {figures.per_100(card):>6.1f} {card.accepted:>9} {card.overridden:>11}"
            f" {card.ignored:>8} {card.withheld:>9}"
        )
        if card.reasons:
            lines.append(f"    overridden: {_counted(card.reasons)}")
        if card.suggestions:
            lines.append(f"    accepted: {_counted(card.suggestions)}")
    return "\n".join(lines)
