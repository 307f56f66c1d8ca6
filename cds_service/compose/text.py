"""The text of a card: a template with placeholders that are filled from the chart and the decisions."""

from __future__ import annotations

import re

from ..pathway.chart import Chart
from ..pathway.decide import Outcome
from ..pathway.vocabulary import PHRASES

_SKIPPED = "skipped_checks"
# Placeholders that are filled from the decisions rather than from the chart.
DECISION_PHRASES = {_SKIPPED: "The titles of the checks that were not done because something could not be read."}

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_MARKDOWN = {ord(character): f"\\{character}" for character in r"\`*_{}[]()#+|<>~!$&"}


class Template:
    """A text, taken apart once at its placeholders."""

    def __init__(self, text: str) -> None:
        # Of each line its pieces: what stands in it, and at every second place the name of a placeholder.
        self._lines = [_PLACEHOLDER.split(line) for line in text.strip().splitlines()]
        self._same_for_all = None if any(len(line) > 1 for line in self._lines) else "\n".join(line for (line,) in self._lines)

    def fill(self, chart: Chart, outcome: Outcome) -> str:
        """The text with its placeholders filled; a line that is left empty by them goes."""
        if self._same_for_all is not None:
            return self._same_for_all
        lines: list[str] = []
        for pieces in self._lines:
            if len(pieces) == 1:
                lines.append(pieces[0])
                continue
            words = pieces.copy()
            for place in range(1, len(pieces), 2):
                name = pieces[place]
                said = outcome.skipped if name == _SKIPPED else PHRASES[name].say(chart)
                if not isinstance(said, str):
                    if said:
                        lines.extend([f"- {escape(item)}" for item in said])
                    elif lines and lines[-1].endswith(":"):
                        lines.pop()  # the heading of a list that is empty
                    break
                words[place] = escape(said)
            else:
                line = "".join(words)
                if line.strip(" -*"):
                    lines.append(line)
        return "\n".join(lines)


def placeholders(text: str) -> list[str]:
    """The names in curly braces."""
    return _PLACEHOLDER.findall(text)


def escape(text: str) -> str:
    """Words from a record as plain words in Markdown: clients render raw HTML and links."""
    return " ".join(text.split()).translate(_MARKDOWN)
