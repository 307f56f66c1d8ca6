"""Trends of pain and hip scores, like with like, and non-response (encodings, section 4)."""

from __future__ import annotations

import pytest
from charts import NO, UNKNOWN, YES, Case, case, chart, gap, label, month, pain, reading, score, visit, visits

from cds_service.pathway.answers import Answer
from cds_service.pathway.outcomes import Trend, outcome_so_far, pain_now, pain_value, trends

START = 60
EPISODE = [visit(START), visit(40)]
IHOT, LEFS, HARRIS = "ihot12-total", "lefs-total", "100291-4"
BETTER = [pain(8, 60), pain(5, 5)]
SAME = [pain(8, 60), pain(7, 5)]
NO_READINGS = gap("readings")


def response(finding: str, answer: Answer, name: str, *parts: object) -> Case:
    return case(finding, answer, name, EPISODE, *parts)


def three_months(count: int = 4, first: int = 90) -> list[object]:
    return [*visits(count, first=first, every=10)]


CASES = [
    # benefit_not_recorded
    response("benefit_not_recorded", YES, "known and not improved", SAME),
    response("benefit_not_recorded", YES, "no outcome at all"),
    response("benefit_not_recorded", YES, "one value only", pain(8, 60)),
    response("benefit_not_recorded", NO, "improved", BETTER),
    response("benefit_not_recorded", YES, "mixed: pain better, function worse", BETTER, score(IHOT, 60, 60), score(IHOT, 40, 5)),
    response("benefit_not_recorded", UNKNOWN, "scores could not be read", NO_READINGS),
    response("benefit_not_recorded", UNKNOWN, "other scores could not be read", SAME, NO_READINGS),
    # outcome_not_recorded
    response("outcome_not_recorded", YES, "nothing"),
    response("outcome_not_recorded", YES, "one value only", pain(8, 60)),
    response("outcome_not_recorded", YES, "a score without a threshold", score(HARRIS, 50, 60), score(HARRIS, 90, 5)),
    response("outcome_not_recorded", NO, "a baseline and a later value", SAME),
    response("outcome_not_recorded", UNKNOWN, "scores could not be read", NO_READINGS),
    # pain_at_least
    case("pain_at_least", YES, "four of ten", pain(4, 5), score=4.0),
    case("pain_at_least", NO, "less than four", pain(3.9, 5), score=4.0),
    case("pain_at_least", YES, "90 days ago", pain(6, 90), score=4.0),
    case("pain_at_least", UNKNOWN, "91 days ago", pain(6, 91), score=4.0),
    case("pain_at_least", NO, "the newest counts", pain(8, 30), pain(2, 3), score=4.0),
    case("pain_at_least", YES, "of one day the highest counts", pain(2, 3), pain(6, 3), score=4.0),
    case("pain_at_least", UNKNOWN, "out of range", pain(60, 3), score=4.0),
    case("pain_at_least", UNKNOWN, "of tomorrow", pain(6, -1), score=4.0),
    case("pain_at_least", UNKNOWN, "none is recorded", score=4.0),
    case("pain_at_least", UNKNOWN, "a newer one may not have been read", pain(6, 5), NO_READINGS, score=4.0),
    # visits_due_for_review
    case("visits_due_for_review", YES, "15 visits, no outcome", visits(15, first=60)),
    case("visits_due_for_review", YES, "15 visits, not improved", visits(15, first=60), SAME),
    case("visits_due_for_review", NO, "15 visits, improved", visits(15, first=60), BETTER),
    case("visits_due_for_review", NO, "14 visits", visits(14, first=60), SAME),
    case("visits_due_for_review", NO, "15 visits, the first before a gap of 90 days", visits(14, first=60), visit(150)),
    case("visits_due_for_review", NO, "nothing is recorded"),
    case("visits_due_for_review", UNKNOWN, "14 visits were read and others not", visits(14, first=60), SAME, gap("contacts")),
    case("visits_due_for_review", UNKNOWN, "15 visits, scores could not be read", visits(15, first=60), NO_READINGS),
    # non_response_at_three_months
    case("non_response_at_three_months", YES, "day 90, 4 visits, not improved", three_months(), pain(8, 90), pain(8, 5)),
    case("non_response_at_three_months", NO, "day 89", three_months(first=89), pain(8, 89), pain(8, 5)),
    case("non_response_at_three_months", NO, "3 visits", three_months(3), pain(8, 90), pain(8, 5)),
    case("non_response_at_three_months", NO, "improved", three_months(), pain(8, 90), pain(5, 5)),
    case("non_response_at_three_months", NO, "no outcome recorded", three_months()),
    case("non_response_at_three_months", NO, "no visit"),
    case("non_response_at_three_months", UNKNOWN, "scores could not be read", three_months(), NO_READINGS),
    case("non_response_at_three_months", UNKNOWN, "visits could not be read", gap("contacts")),
    case("non_response_at_three_months", UNKNOWN, "3 visits were read and others not", three_months(3), gap("treatments")),
]


@pytest.mark.parametrize("one", CASES, ids=label)
def test_outcomes(one: Case) -> None:
    assert one.ask().answer is one.answer


def trend(*parts: object) -> dict[str, Trend]:
    return {name: found for name, found, _ in trends(chart(EPISODE, *parts))}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param(8, 6, Trend.IMPROVED, id="two points"),
        pytest.param(8, 6.5, Trend.UNCHANGED, id="a point and a half of eight"),
        pytest.param(4, 2.8, Trend.IMPROVED, id="30 percent of four"),
        pytest.param(4, 2.9, Trend.UNCHANGED, id="less than 30 percent of four"),
        pytest.param(4, 5.2, Trend.WORSE, id="30 percent up"),
        pytest.param(8, 10, Trend.WORSE, id="two points up"),
        pytest.param(0, 1, Trend.UNCHANGED, id="from none to one"),
        pytest.param(0, 2, Trend.WORSE, id="from none to two"),
        pytest.param(0, 0, Trend.UNCHANGED, id="none before and after"),
    ],
)
def test_pain_changes_by_two_points_or_thirty_percent(before: float, after: float, expected: Trend) -> None:
    assert trend(pain(before, 60), pain(after, 5)) == {"pain": expected}


@pytest.mark.parametrize(
    ("code", "change", "expected"),
    [
        (IHOT, 14, Trend.IMPROVED),
        (IHOT, 13, Trend.UNCHANGED),
        (IHOT, -13, Trend.UNCHANGED),
        (IHOT, -14, Trend.WORSE),
        (LEFS, 9, Trend.IMPROVED),
        (LEFS, 8, Trend.UNCHANGED),
        (LEFS, -9, Trend.WORSE),
    ],
)
def test_a_higher_hip_score_is_better_from_its_own_threshold(code: str, change: int, expected: Trend) -> None:
    found = trend(score(code, 40, 60), score(code, 40 + change, 5))
    assert found == {code.removesuffix("-total"): expected}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"pain": 10, "adl": 0}, Trend.IMPROVED, id="one subscale better"),
        pytest.param({"pain": 9, "adl": 9}, Trend.UNCHANGED, id="none by ten"),
        pytest.param({"pain": 30, "adl": -10}, Trend.WORSE, id="one better, another ten worse"),
        pytest.param({"pain": 10, "adl": -9}, Trend.IMPROVED, id="one better, another nine worse"),
    ],
)
def test_hagos_improves_on_any_subscale_with_none_ten_worse(changes: dict[str, int], expected: Trend) -> None:
    parts = [score(f"hagos-{name}", 50 + change * later, 60 - 55 * later) for name, change in changes.items() for later in (0, 1)]
    assert trend(parts) == {"hagos": expected}


@pytest.mark.parametrize("code", ["ihot33-total", "72093-8", HARRIS])
def test_a_score_without_a_threshold_has_no_trend(code: str) -> None:
    assert trend(score(code, 10, 60), score(code, 90, 5)) == {}


@pytest.mark.parametrize(
    ("baseline", "latest", "known"),
    [
        pytest.param(START + 28, 5, True, id="28 days before the start"),
        pytest.param(START + 29, 5, False, id="29 days before the start"),
        pytest.param(START - 14, 5, True, id="14 days after the start"),
        pytest.param(START - 15, 5, False, id="15 days after the start"),
        pytest.param(START, START - 14, True, id="14 days apart"),
        pytest.param(START, START - 13, False, id="13 days apart"),
        pytest.param(START, -1, False, id="the later value lies in the future"),
    ],
)
def test_the_window_of_the_baseline_and_the_distance_to_the_latest(baseline: int, latest: int, known: bool) -> None:
    assert bool(trend(pain(8, baseline), pain(4, latest))) is known


def test_the_value_nearest_to_the_start_is_the_baseline_and_the_earlier_one_in_a_tie() -> None:
    assert trend(pain(3, START + 5), pain(8, START - 1), pain(6, 5)) == {"pain": Trend.IMPROVED}
    assert trend(pain(3, START + 2), pain(8, START - 2), pain(6, 5)) == {"pain": Trend.WORSE}


def test_the_newest_value_is_the_latest() -> None:
    assert trend(pain(8, 60), pain(2, 20), pain(8, 5)) == {"pain": Trend.UNCHANGED}


def test_instruments_are_not_compared_with_each_other() -> None:
    assert trend(score(IHOT, 40, 60), score(LEFS, 80, 5)) == {}


def test_a_score_of_which_only_the_month_is_known_is_left_out() -> None:
    assert trend(reading("pain-score", value=8, days=month(1)), pain(4, 5)) == {}


def test_without_an_episode_there_is_no_trend() -> None:
    assert trends(chart(BETTER)) == ()
    assert outcome_so_far(chart(BETTER)) == "no outcome recorded"


def test_the_trends_are_told_by_instrument() -> None:
    told = outcome_so_far(chart(EPISODE, BETTER, score(IHOT, 40, 60), score(IHOT, 41, 5)))
    assert told == "pain improved, iHOT-12 unchanged"


@pytest.mark.parametrize(
    ("value", "code", "unit", "expected"),
    [
        (7, "72514-3", "{score}", 7),
        (70, "38214-3", "mm", 7),
        (70, "38214-3", "{score}", 7),
        (5, "38214-3", "mm", 0.5),
        (5, "38214-3", "{score}", 5),
        (11, "72514-3", None, None),
        (-1, "72514-3", None, None),
        (101, "38214-3", "mm", None),
    ],
)
def test_pain_is_read_on_a_scale_of_ten_and_out_of_range_is_ignored(
    value: float, code: str, unit: str | None, expected: float | None
) -> None:
    assert pain_value(reading("pain-score", value=value, code=code, unit=unit)) == expected


def test_a_pain_score_with_a_comparator_is_no_value() -> None:
    assert pain_value(reading("pain-score", value=5, comparator="<")) is None


def test_the_newest_pain_score_is_told_with_its_day() -> None:
    assert pain_now(chart(pain(8, 30), pain(5, 5))) == "pain 5 of 10 (2026-02-25)"
    assert pain_now(chart(pain(8, 91))) == "no pain score within 90 days"
