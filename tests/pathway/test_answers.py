"""Three-valued answers and clinical dates: the truth tables (pathway specification, D.2) and the day arithmetic."""

from __future__ import annotations

from datetime import date

import pytest
from charts import NO, TODAY, UNKNOWN, YES, ago, month, year

from cds_service.pathway.answers import Answer, all_of, any_found, any_of, no, unknown, yes
from cds_service.pathway.dates import When, within, years_between

AND = {
    (YES, YES): YES,
    (YES, NO): NO,
    (YES, UNKNOWN): UNKNOWN,
    (NO, YES): NO,
    (NO, NO): NO,
    (NO, UNKNOWN): NO,
    (UNKNOWN, YES): UNKNOWN,
    (UNKNOWN, NO): NO,
    (UNKNOWN, UNKNOWN): UNKNOWN,
}
OR = {
    (YES, YES): YES,
    (YES, NO): YES,
    (YES, UNKNOWN): YES,
    (NO, YES): YES,
    (NO, NO): NO,
    (NO, UNKNOWN): UNKNOWN,
    (UNKNOWN, YES): YES,
    (UNKNOWN, NO): UNKNOWN,
    (UNKNOWN, UNKNOWN): UNKNOWN,
}


@pytest.mark.parametrize(("answer", "negated"), [(YES, NO), (NO, YES), (UNKNOWN, UNKNOWN)])
def test_not_unknown_is_unknown(answer: Answer, negated: Answer) -> None:
    assert ~answer is negated


@pytest.mark.parametrize("pair", AND)
def test_and_one_no_decides_else_one_unknown(pair: tuple[Answer, Answer]) -> None:
    assert all_of(pair) is AND[pair]


@pytest.mark.parametrize("pair", OR)
def test_or_one_yes_decides_else_one_unknown(pair: tuple[Answer, Answer]) -> None:
    assert any_of(pair) is OR[pair]


def test_the_tables_are_complete() -> None:
    every_pair = {(a, b) for a in Answer for b in Answer}
    assert set(AND) == set(OR) == every_pair


def test_nothing_to_hold_holds_and_nothing_to_choose_from_is_no() -> None:
    assert all_of([]) is YES
    assert any_of([]) is NO


def test_the_order_of_three_answers_does_not_matter() -> None:
    assert all_of([UNKNOWN, YES, NO]) is all_of([NO, UNKNOWN, YES]) is NO
    assert any_of([UNKNOWN, NO, YES]) is any_of([YES, UNKNOWN, NO]) is YES


def test_an_answer_has_no_truth_value_of_its_own_to_fall_back_on() -> None:
    assert Answer.of(True) is YES
    assert Answer.of(False) is NO
    assert len(Answer) == 3


@pytest.mark.parametrize(
    ("when", "days", "answer"),
    [
        pytest.param(ago(0), 30, YES, id="today counts"),
        pytest.param(ago(30), 30, YES, id="the last day counts"),
        pytest.param(ago(31), 30, NO, id="the day before the window does not"),
        pytest.param(ago(-1), 30, NO, id="tomorrow has not happened"),
        pytest.param(ago(0), 0, YES, id="a window of no days is today"),
        pytest.param(month(2), 30, YES, id="a whole month inside the window"),
        pytest.param(month(2), 28, UNKNOWN, id="a month that reaches out of the window"),
        pytest.param(month(1), 29, NO, id="a whole month before the window"),
        pytest.param(month(3), 30, UNKNOWN, id="this month could lie in the future"),
        pytest.param(month(4), 30, NO, id="next month has not happened"),
        pytest.param(year(2025), 30, NO, id="last year ended more than 30 days ago"),
        pytest.param(year(2025), 365, UNKNOWN, id="last year reaches out of 365 days"),
        pytest.param(year(2025), 426, YES, id="the whole of last year"),
        pytest.param(year(2026), 365, UNKNOWN, id="this year could lie in the future"),
        pytest.param(year(2027), 365, NO, id="next year has not happened"),
    ],
)
def test_within_a_window_of_days(when: When, days: int, answer: Answer) -> None:
    assert when.within(days, TODAY) is answer


def test_a_missing_date_is_unknown_and_never_outside_the_window() -> None:
    assert within(None, 30, TODAY) is UNKNOWN
    assert within(ago(30), 30, TODAY) is YES


@pytest.mark.parametrize(("when", "answer"), [(ago(0), YES), (ago(-1), NO), (month(2), YES), (month(3), UNKNOWN), (month(4), NO)])
def test_what_lies_after_today_has_not_happened(when: When, answer: Answer) -> None:
    assert when.happened(TODAY) is answer


@pytest.mark.parametrize(
    ("when", "text"),
    [
        (ago(0), "2026-03-02"),
        (month(2), "2026-02"),
        (year(2025), "2025"),
        (When(date(2025, 12, 30), date(2026, 1, 2)), "between 2025-12-30 and 2026-01-02"),
    ],
)
def test_a_date_is_written_as_coarsely_as_it_was_recorded(when: When, text: str) -> None:
    assert str(when) == text


@pytest.mark.parametrize(
    ("born", "today", "years"),
    [
        (date(2008, 3, 2), date(2026, 3, 2), 18),
        (date(2008, 3, 3), date(2026, 3, 2), 17),
        (date(2008, 2, 29), date(2026, 2, 28), 17),
        (date(2008, 2, 29), date(2026, 3, 1), 18),
    ],
)
def test_the_birthday_itself_counts(born: date, today: date, years: int) -> None:
    assert years_between(born, today) == years


def test_what_was_found_is_told_together() -> None:
    found = any_found([no("a"), yes("b", "1"), unknown("c", "2"), yes("d", "1", "3"), yes("b", "1")], "nothing")
    assert found == yes("b; d", "1", "3")
    assert any_found([no("a"), unknown("c", "2")], "nothing") == unknown("c", "2")
    assert any_found([no("a", "1")], "nothing") == no("nothing")
