"""Tables of doses, read from the content folder: ceilings by kidney function, and what an opioid dose is worth in morphine."""

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


@dataclass(frozen=True, slots=True)
class Factors:
    """What opioids are worth in mg of morphine by mouth: ``per_mg`` of a daily dose, ``per_mcg_per_hour`` of a patch.
    ``left_out`` are ingredients that have no factor and are not counted."""

    name: str
    per_mg: Mapping[str, float]
    per_mcg_per_hour: Mapping[str, float]
    left_out: frozenset[str] = frozenset()

    def __hash__(self) -> int:
        return hash(self.name)

    @property
    def ingredients(self) -> frozenset[str]:
        """Every ingredient that the table knows."""
        return frozenset(self.per_mg) | frozenset(self.per_mcg_per_hour) | self.left_out


def morphine_mg(factors: Factors, ingredient: str, daily_mg: float | None, mcg_per_hour: float | None) -> float | None:
    """Milligrams of morphine a day; 0 for what is left out, None for what cannot be computed."""
    if ingredient in factors.left_out:
        return 0.0
    patch, swallowed = factors.per_mcg_per_hour.get(ingredient), factors.per_mg.get(ingredient)
    if patch is not None and mcg_per_hour is not None:
        return patch * mcg_per_hour
    return swallowed * daily_mg if swallowed is not None and daily_mg is not None else None
