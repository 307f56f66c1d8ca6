"""Choices read from a string of bytes: one draw a chart, and every byte made smaller makes the chart simpler."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

LENGTH = 256  # bytes a chart may use; afterwards every choice is the first one


class Tape:
    """Reads choices one after the other. The first option of every choice is the plainest."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def below(self, limit: int) -> int:
        """A number from 0 to limit - 1."""
        number = self._byte()
        if limit > 256:
            number = number << 8 | self._byte()
        return number % limit

    def pick(self, options: Sequence[T]) -> T:
        return options[self.below(len(options))]

    def one_in(self, number: int) -> bool:
        return self.below(number) == number - 1

    def _byte(self) -> int:
        if self._at >= len(self._data):
            return 0
        self._at += 1
        return self._data[self._at - 1]
