"""The core syndromes of the pathway, and how a chart's problems and orders name them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from itertools import chain

from .answers import Answer
from .chart import Chart, Concepts, Problem, once
from .vocabulary import concept


class Syndrome(StrEnum):
    """The core syndromes of the pathway, in the order in which a shared code is read (the first that fits wins).

    ICD-10-CM G57.0- stands for three of them: words or SNOMED CT tell piriformis and gemelli-obturator from deep gluteal.
    """

    PIRIFORMIS = "piriformis"
    GEMELLI_OBTURATOR = "gemelli-obturator"
    ISCHIOFEMORAL = "ischiofemoral"
    POSTERIOR_FEMORAL_CUTANEOUS = "posterior-femoral-cutaneous"
    HAMSTRING = "hamstring"
    RADICULOPATHY = "radiculopathy"
    SCIATICA = "sciatica"
    DEEP_GLUTEAL = "deep-gluteal"


_CONCEPT = {  # in the order of the enumeration
    Syndrome.PIRIFORMIS: concept("piriformis-syndrome"),
    Syndrome.GEMELLI_OBTURATOR: concept("gemelli-obturator-syndrome"),
    Syndrome.ISCHIOFEMORAL: concept("ischiofemoral-impingement"),
    Syndrome.POSTERIOR_FEMORAL_CUTANEOUS: concept("posterior-femoral-cutaneous-neuralgia"),
    Syndrome.HAMSTRING: concept("hamstring-strain"),
    Syndrome.RADICULOPATHY: concept("lumbosacral-radiculopathy"),
    Syndrome.SCIATICA: concept("sciatica"),
    Syndrome.DEEP_GLUTEAL: concept("deep-gluteal-syndrome"),
}
_CORE = frozenset(_CONCEPT.values())

NAME = {
    Syndrome.PIRIFORMIS: "piriformis syndrome",
    Syndrome.GEMELLI_OBTURATOR: "gemelli-obturator syndrome",
    Syndrome.ISCHIOFEMORAL: "ischiofemoral impingement",
    Syndrome.POSTERIOR_FEMORAL_CUTANEOUS: "posterior femoral cutaneous nerve pain",
    Syndrome.HAMSTRING: "proximal hamstring injury",
    Syndrome.RADICULOPATHY: "lumbosacral radiculopathy",
    Syndrome.SCIATICA: "sciatica",
    Syndrome.DEEP_GLUTEAL: "deep gluteal syndrome",
}


def syndrome_of(concepts: Concepts) -> Syndrome | None:
    """The one syndrome that a problem's codes and words stand for."""
    for syndrome, name in _CONCEPT.items():
        if name in concepts:
            return syndrome
    return None


@once
def core_problems(chart: Chart) -> tuple[tuple[Syndrome, Problem], ...]:
    """The current problems that are a core syndrome."""
    found = []
    for problem in chart.problems_of_any(_CORE):
        syndrome = syndrome_of(problem.concepts)
        if problem.current is Answer.YES and syndrome:
            found.append((syndrome, problem))
    return tuple(found)


@once
def syndromes(chart: Chart) -> Mapping[Syndrome, tuple[str, ...]]:
    """The syndromes of current problems and of the reasons of selected orders, each with its records."""
    found: dict[Syndrome, list[str]] = {}
    for syndrome, problem in core_problems(chart):
        found.setdefault(syndrome, []).append(problem.ref)
    for draft in chart.selected:
        for reason in draft.reasons:
            stated = syndrome_of(reason.concepts)
            if stated:
                refs = found.setdefault(stated, [])
                ref = reason.problem or draft.ref
                if ref not in refs:
                    refs.append(ref)
    return {syndrome: tuple(found[syndrome]) for syndrome in _CONCEPT if syndrome in found}


@once
def undecided_core(chart: Chart) -> tuple[tuple[Syndrome, str], ...]:
    """Core problems of which the record does not say whether they are current."""
    found = []
    for problem in chart.problems_of_any(_CORE):
        if problem.current is Answer.UNKNOWN and (syndrome := syndrome_of(problem.concepts)):
            found.append((syndrome, problem.ref))
    return tuple(found)


def names_of(found: Mapping[Syndrome, tuple[str, ...]]) -> str:
    """The syndromes in words."""
    return ", ".join([NAME[s] for s in found])


@cache
def titles(asked: tuple[Syndrome, ...]) -> str:
    """The syndromes that a line asks for, in words."""
    return ", ".join(NAME[s] for s in asked)


def refs_of(found: Mapping[Syndrome, tuple[str, ...]]) -> tuple[str, ...]:
    """The records that name them."""
    return tuple(chain.from_iterable(found.values()))
