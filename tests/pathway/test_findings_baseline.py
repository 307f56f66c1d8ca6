"""Scores to measure a programme by (pathway C.5, prom-not-recorded; encodings, settled question 7)."""

from __future__ import annotations

import pytest
from charts import NO, UNKNOWN, YES, Case, case, chart, gap, label, month, pain, reading, request, score, visit

from cds_service.pathway.answers import Answer
from cds_service.pathway.baseline import scores_recorded

IHOT, HARRIS = "ihot12-total", "100291-4"
START = [visit(60), visit(40)]
LAPSED = request("physiotherapy-order", days=181)
DECEMBER = reading("hip-score", value=48, days=month(12, 2025))
HIP, PAIN = score(IHOT, 48, 60), pain(5, 3)
ORDERED = request("physiotherapy-order", days=20)


def missing(answer: Answer, name: str, *parts: object) -> Case:
    return case("scores_missing", answer, name, *parts)


CASES = [
    missing(YES, "nothing is recorded", START),
    missing(YES, "no hip score", START, PAIN),
    missing(YES, "no pain score", START, HIP),
    missing(NO, "both", START, HIP, PAIN),
    missing(NO, "any hip score counts", START, score(HARRIS, 48, 60), PAIN),
    missing(NO, "28 days before the first visit", START, score(IHOT, 48, 88), PAIN),
    missing(YES, "29 days before the first visit", START, score(IHOT, 48, 89), PAIN),
    missing(NO, "today", START, score(IHOT, 48, 0), PAIN),
    missing(YES, "a score of tomorrow", START, score(IHOT, 48, -1), PAIN),
    missing(NO, "pain of 90 days ago", START, HIP, pain(5, 90)),
    missing(YES, "pain of 91 days ago", START, HIP, pain(5, 91)),
    missing(YES, "pain out of range", START, HIP, pain(50, 3)),
    missing(YES, "a hip score without a value", START, reading("hip-score", days=60, code=IHOT), PAIN),
    missing(NO, "28 days before the order", ORDERED, score(IHOT, 48, 48), PAIN),
    missing(YES, "29 days before the order", ORDERED, score(IHOT, 48, 49), PAIN),
    missing(NO, "of two orders the earlier one", ORDERED, request("physiotherapy-order", days=100), score(IHOT, 48, 128), PAIN),
    missing(YES, "an order of 181 days ago has lapsed", ORDERED, LAPSED, score(IHOT, 4, 190), PAIN),
    missing(NO, "nothing is arranged"),
    missing(UNKNOWN, "visits could not be read", gap("contacts")),
    missing(UNKNOWN, "scores could not be read", START, gap("readings")),
    missing(UNKNOWN, "one score, others could not be read", START, HIP, gap("readings")),
    missing(NO, "both, others could not be read", START, HIP, PAIN, gap("readings")),
    missing(UNKNOWN, "the month of the hip score overlaps the window", [visit(40)], DECEMBER, PAIN),
    missing(YES, "the same without a pain score", [visit(40)], DECEMBER),
]


@pytest.mark.parametrize("one", CASES, ids=label)
def test_baseline(one: Case) -> None:
    assert one.ask().answer is one.answer


def test_the_scores_are_told() -> None:
    assert scores_recorded(chart(START)) == "no hip score in this episode; no pain score within 90 days"
    assert scores_recorded(chart(START, HIP, PAIN)) == "hip score recorded; pain 5 of 10 (2026-02-27)"
