"""What a CodeableConcept stands for. Records name the same few thousand things again and again, so what was found
out of one that only holds codes and their names is remembered, by its text. One with words of its own is not: somebody may have
typed anything."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from msgspec import Raw

from ..pathway.chart import NOTHING, Concepts
from .elements import codings, is_withheld, plain, read

BOTH = frozenset({"right", "left"})
_SIDE_DIGIT = re.compile(r"(?:G57\.\d|M54\.[34]|M25\.85|M76\.89|S76\.3[019])([123])")
_TWO = frozenset({"bilateral", "both"})
_SIDE_OF_DIGIT = {"1": frozenset({"right"}), "2": frozenset({"left"}), "3": BOTH}
_SIDED = re.compile(r"(?<![a-z])(?:right|left|bilateral|both)(?![a-z])")

OfCode = Callable[[Any, str], Concepts]
OfWords = Callable[[str], Concepts]


T = TypeVar("T")


class Remembered(dict[bytes, T]):
    """What was found out of pieces of JSON, by their text: some thousands that are short, then it begins anew."""

    most = 4096
    longest = 2000  # bytes: what is written to fill the memory is not kept

    def is_full(self) -> bool:
        return len(self) >= self.most

    def keep(self, text: bytes, found: T) -> None:
        if len(text) > self.longest:
            return
        if self.is_full():
            self.clear()
        self[text] = found


class Meaning:
    """Of one CodeableConcept: its codes, what it says in words, and what either stands for. ``first`` is the first code that
    stands for something."""

    __slots__ = ("_of_words", "_sides", "_words", "by_code", "codes", "first", "said", "withheld")

    def __init__(self, concept: Any, of_code: OfCode, of_words: OfWords) -> None:
        self.codes, self.said = read(concept)
        self.withheld = is_withheld(self.codes)
        self.by_code, self.first = NOTHING, ""
        for system, code in self.codes:
            known = of_code(system, code)
            if known:
                self.by_code = self.by_code | known if self.by_code else known
                self.first = self.first or code
        self._of_words = of_words
        self._words: Concepts | None = None
        self._sides: Concepts | None = None

    @property
    def by_words(self) -> Concepts:
        """Each text on its own, so that a negation in one says nothing about the next."""
        if self._words is None:
            self._words = NOTHING.union(*map(self._of_words, self.said))
        return self._words

    @property
    def sides(self) -> Concepts:
        """Right, left or both."""
        if self._sides is None:
            self._sides = self.sides_with(())
        return self._sides

    def sides_with(self, more: Iterable[str]) -> Concepts:
        """The sides that its words or these name, else that of the laterality digit of a code."""
        found = {word for text in (*self.said, *more) for word in _SIDED.findall(text.lower())}
        if found:
            return BOTH if found & _TWO else BOTH & found
        digits = (match[1] for _, code in self.codes if (match := _SIDE_DIGIT.match(code)))
        return _SIDE_OF_DIGIT.get(next(digits, ""), NOTHING)


class Meanings:
    """Those of a process."""

    def __init__(self, of_code: OfCode, of_words: OfWords) -> None:
        self._of_code = of_code
        self._of_words = of_words
        self._known = Remembered[Meaning]()
        self.silent: set[bytes] = set()  # those of which no code stands for anything

    def of(self, concept: Any) -> Meaning:
        """That of a concept as it stands in a resource. Raises ValueError for text that is no JSON."""
        if concept.__class__ is not Raw:
            return Meaning(concept, self._of_code, self._of_words)
        text = bytes(concept)
        return self._known.get(text) or self._learn(text, plain(concept))

    def _learn(self, text: bytes, concept: Any) -> Meaning:
        found = Meaning(concept, self._of_code, self._of_words)
        if found.codes and set(found.said) <= {display for _, _, display in codings(concept)}:
            if self._known.is_full():
                self.silent.clear()
            self._known.keep(text, found)
            if not found.by_code and text in self._known:
                self.silent.add(text)
        return found
