"""Medicines without benefit, and doses that were just raised (pathway C.5, discontinue-ineffective)."""

from __future__ import annotations

from typing import Any

import pytest
from charts import NO, UNKNOWN, YES, Case, case, chart, gap, label, medicine, month, pain

from cds_service.pathway.answers import Answer
from cds_service.pathway.ineffective import first_line_medicines_in_use

FIRST_LINE = ("gabapentin", "pregabalin", "nortriptyline", "duloxetine", "venlafaxine", "milnacipran")
EPILEPSY = {"reasons": frozenset({"reason-to-continue"})}


def useless(answer: Answer, name: str, *parts: object) -> Case:
    return case("first_line_medicine_without_benefit", answer, name, *parts, days=56)


def raised(answer: Answer, name: str, *parts: object) -> Case:
    return case("dose_raised_within", answer, name, *parts, days=28)


def same(start: int = 56) -> list[Any]:
    return [pain(6, start), pain(6, 3)]


def order(days: int, mg: float | None, **rest: Any) -> Any:
    """An order of gabapentin that is taken, with its daily dose."""
    return medicine("gabapentin", start=days, daily_mg=mg, **rest)


BEFORE = order(80, 900, end=20, status="completed")

CASES = [
    # first_line_medicine_without_benefit
    *(useless(YES, f"{drug} for 56 days, pain unchanged", medicine(drug, start=56), same()) for drug in FIRST_LINE),
    useless(NO, "55 days", medicine("gabapentin", start=55), same(55)),
    useless(YES, "pain is worse", medicine("gabapentin", start=60), pain(4, 60), pain(8, 3)),
    useless(NO, "two points better", medicine("gabapentin", start=60), pain(8, 60), pain(6, 3)),
    useless(YES, "a point and a half of eight", medicine("gabapentin", start=60), pain(8, 60), pain(6.5, 3)),
    useless(NO, "30 percent better", medicine("gabapentin", start=60), pain(4, 60), pain(2.8, 3)),
    useless(YES, "baseline 28 days before the start", medicine("gabapentin", start=60), pain(6, 88), pain(6, 3)),
    useless(UNKNOWN, "baseline 29 days before the start", medicine("gabapentin", start=60), pain(6, 89), pain(6, 3)),
    useless(YES, "baseline 14 days after the start", medicine("gabapentin", start=60), pain(6, 46), pain(6, 3)),
    useless(UNKNOWN, "baseline 15 days after the start", medicine("gabapentin", start=60), pain(6, 45), pain(6, 3)),
    useless(UNKNOWN, "no pain score", medicine("gabapentin", start=60)),
    useless(UNKNOWN, "scores could not be read", medicine("gabapentin", start=60), same(60), gap("readings")),
    useless(UNKNOWN, "its start is not recorded", medicine("gabapentin"), same(60)),
    useless(UNKNOWN, "of its start only the month is recorded", medicine("gabapentin", start=month(1, 2025)), same(60)),
    useless(NO, "stopped", medicine("gabapentin", start=80, end=10, status="stopped"), same(80)),
    useless(NO, "another medicine", medicine("ibuprofen", start=80), same(80)),
    useless(NO, "ordered for another reason", medicine("gabapentin", start=80, **EPILEPSY), same(80)),
    useless(
        YES,
        "one helps, the other does not",
        medicine("gabapentin", start=120),
        medicine("duloxetine", start=60),
        [pain(9, 120), pain(6, 60), pain(6, 3)],
    ),
    useless(YES, "renewed without a gap", order(90, 900, end=40, status="completed"), order(30, 900), same(90)),
    useless(NO, "begun anew after a gap of 31 days", order(90, 900, end=51, status="completed"), order(20, 900), same(90)),
    useless(NO, "nothing is taken"),
    useless(UNKNOWN, "medicines could not be read", gap("medicines")),
    useless(YES, "one is known although others could not be read", medicine("gabapentin", start=56), same(), gap("medicines")),
    # dose_raised_within
    raised(YES, "raised 28 days ago", BEFORE, order(28, 1800)),
    raised(NO, "raised 29 days ago", BEFORE, order(29, 1800)),
    raised(NO, "renewed at the same dose", BEFORE, order(10, 900)),
    raised(NO, "lowered", BEFORE, order(10, 600)),
    raised(NO, "lowered from a dose above the first", order(90, 300, end=50, status="completed"), order(50, 900), order(10, 600)),
    raised(NO, "the first order", order(10, 900)),
    raised(NO, "begun anew after a gap of 31 days", order(80, 300, end=51, status="completed"), order(20, 900)),
    raised(UNKNOWN, "the new dose is not recorded", BEFORE, order(10, None)),
    raised(UNKNOWN, "the earlier dose is not recorded", order(80, None, end=20, status="completed"), order(10, 900)),
    raised(NO, "a new dose that is not recorded, 29 days ago", BEFORE, order(29, None)),
    raised(
        YES,
        "of two orders of a day the higher one",
        BEFORE,
        order(10, 300, ref="MedicationRequest/a"),
        order(10, 1800, ref="MedicationRequest/b"),
    ),
    raised(NO, "stopped after it was raised", BEFORE, order(19, 1800, end=2, status="stopped")),
    raised(NO, "another medicine", medicine("oxycodone", start=60, daily_mg=10), medicine("oxycodone", start=5, daily_mg=20)),
    raised(NO, "ordered for another reason", BEFORE, order(10, 1800, **EPILEPSY)),
    raised(NO, "nothing is taken"),
    raised(UNKNOWN, "medicines could not be read", order(60, 900), gap("medicines")),
    raised(YES, "one is known although others could not be read", BEFORE, order(10, 1800), gap("medicines")),
]


@pytest.mark.parametrize("one", CASES, ids=label)
def test_ineffective(one: Case) -> None:
    assert one.ask().answer is one.answer


def test_the_medicines_are_told_with_days_and_pain() -> None:
    told = first_line_medicines_in_use(chart(medicine("gabapentin", start=60), medicine("duloxetine", start=10), same(60)))
    assert told == "duloxetine 10 days; gabapentin 60 days, pain 6 at the start, 6 now"
    assert first_line_medicines_in_use(chart()) == ""
