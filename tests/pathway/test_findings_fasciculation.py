"""Fasciculation: where and when (encodings, section 3)."""

from __future__ import annotations

import pytest
from charts import NO, UNKNOWN, YES, Case, case, gap, label, month, problem, reading

TWITCH, SITE = "fasciculation", "fasciculation-site"
HERE: tuple[frozenset[str], ...] = (frozenset({SITE}),)
ELSEWHERE: tuple[frozenset[str], ...] = (frozenset(),)
RECORDED, DIFFUSE = "fasciculation_recorded", "fasciculation_diffuse"

CASES = [
    # fasciculation_recorded
    case(RECORDED, YES, "of the buttock, 180 days ago", problem(TWITCH, SITE, began=180, places=HERE)),
    case(RECORDED, NO, "181 days ago", problem(TWITCH, SITE, began=181, places=HERE)),
    case(RECORDED, YES, "of no named site", problem(TWITCH, began=3)),
    case(RECORDED, YES, "the words name the thigh", problem(TWITCH, SITE, began=3)),
    case(RECORDED, NO, "of another site", problem(TWITCH, began=3, places=ELSEWHERE)),
    case(RECORDED, YES, "of the buttock and another site", problem(TWITCH, SITE, began=3, places=HERE + ELSEWHERE)),
    case(RECORDED, NO, "over", problem(TWITCH, began=3, current=NO)),
    case(RECORDED, UNKNOWN, "perhaps over", problem(TWITCH, began=3, current=UNKNOWN)),
    case(RECORDED, UNKNOWN, "without a date", problem(TWITCH)),
    case(RECORDED, UNKNOWN, "in a month at the edge", problem(TWITCH, began=month(9, 2025))),
    case(RECORDED, YES, "a finding without a result", reading(TWITCH, days=180)),
    case(RECORDED, YES, "a positive finding", reading(TWITCH, days=3, present=True)),
    case(RECORDED, NO, "a negative finding", reading(TWITCH, days=3, present=False)),
    case(RECORDED, NO, "a finding 181 days ago", reading(TWITCH, days=181)),
    case(RECORDED, NO, "a finding of another site", reading(TWITCH, days=3, places=ELSEWHERE)),
    case(RECORDED, NO, "nothing"),
    case(RECORDED, UNKNOWN, "the problem list could not be read", gap("problems")),
    case(RECORDED, UNKNOWN, "findings could not be read", gap("readings")),
    # fasciculation_diffuse
    case(DIFFUSE, YES, "another site in the same record", problem(TWITCH, SITE, began=3, places=HERE + ELSEWHERE)),
    case(DIFFUSE, YES, "another site in another record", problem(TWITCH, began=3), reading(TWITCH, days=180, places=ELSEWHERE)),
    case(DIFFUSE, NO, "another site 181 days ago", problem(TWITCH, began=3), reading(TWITCH, days=181, places=ELSEWHERE)),
    case(DIFFUSE, NO, "buttock and thigh", problem(TWITCH, SITE, began=3, places=HERE + HERE)),
    case(DIFFUSE, NO, "of no named site", problem(TWITCH, began=3)),
    case(DIFFUSE, UNKNOWN, "another site without a date", problem(TWITCH, places=ELSEWHERE)),
    case(DIFFUSE, UNKNOWN, "findings could not be read", problem(TWITCH, began=3), gap("readings")),
]


@pytest.mark.parametrize("one", CASES, ids=label)
def test_fasciculation(one: Case) -> None:
    assert one.ask().answer is one.answer
