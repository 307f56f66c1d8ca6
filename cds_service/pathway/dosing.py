"""Dose ceilings by kidney function, read from the content folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """A table of daily ceilings. ``bands`` are the lower limits in mL/min, highest first; a value on a limit belongs to the
    band above it. ``ceilings`` gives mg a day for each ingredient and band."""

    name: str
    bands: tuple[int, ...]
    ceilings: Mapping[str, tuple[float, ...]]

    def __hash__(self) -> int:
        return hash(self.name)


def band_of(limits: Limits, kidney_function: float) -> int:
    """The position of the band that this kidney function lies in."""
    for position, lower in enumerate(limits.bands):
        if kidney_function >= lower:
            return position
    return len(limits.bands) - 1


def limit_for(limits: Limits, ingredient: str, kidney_function: float) -> float | None:
    """The daily ceiling in mg; None for an ingredient without a table."""
    ceilings = limits.ceilings.get(ingredient)
    return ceilings[band_of(limits, kidney_function)] if ceilings else None
