"""Three-valued answers: UNKNOWN is a value of its own and never turns into NO."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import NamedTuple


class Answer(Enum):
    """What a question to the chart can come back with."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"

    __hash__ = object.__hash__  # a member equals itself only; that of Enum is written in Python

    def __invert__(self) -> Answer:
        """NOT: UNKNOWN stays UNKNOWN."""
        return _NEGATED[self]

    @classmethod
    def of(cls, value: bool) -> Answer:
        """YES or NO, for what is known."""
        return cls.YES if value else cls.NO


_NEGATED = {Answer.YES: Answer.NO, Answer.NO: Answer.YES, Answer.UNKNOWN: Answer.UNKNOWN}


def all_of(answers: Iterable[Answer]) -> Answer:
    """AND: one NO decides, else one UNKNOWN, else YES."""
    result = Answer.YES
    for answer in answers:
        if answer is Answer.NO:
            return Answer.NO
        if answer is Answer.UNKNOWN:
            result = Answer.UNKNOWN
    return result


def any_of(answers: Iterable[Answer]) -> Answer:
    """OR: one YES decides, else one UNKNOWN, else NO."""
    result = Answer.NO
    for answer in answers:
        if answer is Answer.YES:
            return Answer.YES
        if answer is Answer.UNKNOWN:
            result = Answer.UNKNOWN
    return result


class Finding(NamedTuple):
    """An answer, why it was given, and the records it rests on (references such as ``Condition/12``)."""

    answer: Answer
    because: str
    resources: tuple[str, ...] = ()


# Made by the dozen for every call: what a named tuple and a member of an enumeration cost by their names is saved here.
_new, _YES, _NO, _UNKNOWN = tuple.__new__, Answer.YES, Answer.NO, Answer.UNKNOWN


def yes(because: str, *resources: str) -> Finding:
    return _new(Finding, (_YES, because, resources))


def no(because: str, *resources: str) -> Finding:
    return _new(Finding, (_NO, because, resources))


def unknown(because: str, *resources: str) -> Finding:
    return _new(Finding, (_UNKNOWN, because, resources))


def any_found(findings: Iterable[Finding], otherwise: str) -> Finding:
    """OR of findings: YES tells everything that was found, UNKNOWN everything that could not be told."""
    asked = list(findings)
    for answer in (Answer.YES, Answer.UNKNOWN):
        found = [f for f in asked if f.answer is answer]
        if found:
            refs = dict.fromkeys(ref for f in found for ref in f.resources)
            return Finding(answer, "; ".join(dict.fromkeys(f.because for f in found)), tuple(refs))
    return no(otherwise)


def both_found(one: Finding, other: Finding) -> Finding:
    """AND of two findings, with the reason of what decides."""
    answer = all_of((one.answer, other.answer))
    deciding = [f for f in (one, other) if f.answer is answer]
    return Finding(answer, "; ".join(f.because for f in deciding), tuple(ref for f in deciding for ref in f.resources))
