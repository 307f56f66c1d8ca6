"""Age and pregnancy: thresholds on the day, coarse birth dates, and what is never taken for "not pregnant"."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from charts import NO, TODAY, UNKNOWN, YES, Case, ago, case, chart, gap, label, month, person, problem, reading, treatment, year

from cds_service.pathway.dates import When
from cds_service.pathway.demographics import age_range

EIGHTEEN, A_DAY_SHORT = "2008-03-02", "2008-03-03"
SIXTY_FIVE, SIXTY_FOUR = "1961-03-02", "1961-03-03"
NOBODY = person(None)
WOMAN = person("1990-01-01")


def status(says: str, days: int | When) -> Any:
    return reading("pregnancy-status", days=days, meaning=(says,), ref=f"Observation/{says}-{days}")


def test_of(present: bool, days: int) -> Any:
    return reading("pregnancy-test", days=days, present=present, ref=f"Observation/test-{days}")


test_of.__test__ = False  # type: ignore[attr-defined]


def due(days: int) -> Any:
    """A delivery date so many days from today."""
    return reading("delivery-date", days=3, on=ago(-days))


CASES = [
    # adult, under_18, age_unknown
    case("adult", YES, "the 18th birthday itself", person(EIGHTEEN)),
    case("adult", NO, "the day before it", person(A_DAY_SHORT)),
    case("adult", UNKNOWN, "the year in which 18 lies", person(year(2008))),
    case("adult", YES, "a year before that", person(year(2007))),
    case("adult", UNKNOWN, "the month in which 18 lies", person(month(3, 2008))),
    case("adult", NO, "a month after it", person(month(4, 2008))),
    case("adult", YES, "a month before it", person(month(2, 2008))),
    case("adult", UNKNOWN, "no date of birth", NOBODY),
    case("adult", UNKNOWN, "a date of birth in the future", person(ago(-1))),
    case("adult", UNKNOWN, "the patient could not be read", gap("person")),
    case("under_18", YES, "the day before the birthday", person(A_DAY_SHORT)),
    case("under_18", NO, "the birthday", person(EIGHTEEN)),
    case("under_18", UNKNOWN, "no date of birth", NOBODY),
    case("under_18", UNKNOWN, "the year in which 18 lies", person(year(2008))),
    case("age_unknown", YES, "no date of birth", NOBODY),
    case("age_unknown", YES, "too coarse to tell", person(year(2008))),
    case("age_unknown", NO, "coarse, and still an adult", person(year(1970))),
    case("age_unknown", NO, "coarse, and still a child", person(year(2020))),
    # age_at_least, age_below
    case("age_at_least", YES, "65 today", person(SIXTY_FIVE), years=65),
    case("age_at_least", NO, "65 tomorrow", person(SIXTY_FOUR), years=65),
    case("age_at_least", UNKNOWN, "born in the year of the limit", person(year(1961)), years=65),
    case("age_at_least", UNKNOWN, "no date of birth", NOBODY, years=65),
    case("age_below", YES, "65 tomorrow", person(SIXTY_FOUR), years=65),
    case("age_below", NO, "65 today", person(SIXTY_FIVE), years=65),
    case("age_below", UNKNOWN, "born in the year of the limit", person(year(1961)), years=65),
    case("age_below", UNKNOWN, "no date of birth", NOBODY, years=65),
    # pregnancy_recorded
    case("pregnancy_recorded", YES, "stated today", WOMAN, status("pregnant", 0)),
    case("pregnancy_recorded", YES, "stated 42 weeks ago", WOMAN, status("pregnant", 294)),
    case("pregnancy_recorded", NO, "stated 42 weeks and a day ago", WOMAN, status("pregnant", 295)),
    case("pregnancy_recorded", NO, "not recorded, which is not the same as excluded", WOMAN),
    case("pregnancy_recorded", NO, "could not be read", WOMAN, gap("readings")),
    case("pregnancy_recorded", NO, "a man", person("1990-01-01", "male")),
    # pregnant: yes
    case("pregnant", YES, "stated today", WOMAN, status("pregnant", 0)),
    case("pregnant", YES, "stated 42 weeks ago", WOMAN, status("pregnant", 294)),
    case("pregnant", YES, "newer than a negative", WOMAN, status("not-pregnant", 20), status("pregnant", 19)),
    case("pregnant", YES, "a positive test", WOMAN, test_of(True, 10)),
    case("pregnant", YES, "delivery is expected tomorrow", WOMAN, due(1)),
    case("pregnant", YES, "a current pregnancy problem", WOMAN, problem("pregnancy")),
    case("pregnant", YES, "at 56, when a test says so", person("1970-01-01"), test_of(True, 1)),
    case("pregnant", YES, "without a recorded sex", person("1990-01-01", None), status("pregnant", 5)),
    # pregnant: no
    case("pregnant", NO, "male", person("1990-01-01", "male"), problem("pregnancy")),
    case("pregnant", NO, "11 years old", person("2014-03-03")),
    case("pregnant", NO, "56 today", person("1970-03-02")),
    case("pregnant", NO, "a negative 90 days ago", WOMAN, status("not-pregnant", 90)),
    case("pregnant", NO, "a negative test 90 days ago", WOMAN, test_of(False, 90)),
    case("pregnant", NO, "a negative newer than the positive", WOMAN, status("pregnant", 20), status("not-pregnant", 19)),
    case("pregnant", NO, "hysterectomy, sterilisation or menopause is a problem", WOMAN, problem("cannot-be-pregnant")),
    case("pregnant", NO, "hysterectomy was done", WOMAN, treatment("cannot-be-pregnant", days=4000)),
    case("pregnant", NO, "11 years old, whatever could not be read", person("2014-03-03"), gap("readings")),
    # pregnant: unknown
    case("pregnant", UNKNOWN, "a negative, not all readings read", WOMAN, status("not-pregnant", 5), gap("readings")),
    case("pregnant", UNKNOWN, "a negative, not all problems read", WOMAN, status("not-pregnant", 5), gap("problems")),
    case("pregnant", UNKNOWN, "nothing is recorded", WOMAN),
    case("pregnant", UNKNOWN, "12 today", person("2014-03-02")),
    case("pregnant", UNKNOWN, "56 tomorrow", person("1970-03-03")),
    case("pregnant", UNKNOWN, "no date of birth", NOBODY),
    case("pregnant", UNKNOWN, "another or unknown sex excludes nothing", person("1990-01-01", None)),
    case("pregnant", UNKNOWN, "a negative 91 days ago", WOMAN, status("not-pregnant", 91)),
    case("pregnant", UNKNOWN, "a positive 295 days ago", WOMAN, status("pregnant", 295)),
    case("pregnant", UNKNOWN, "a statement dated tomorrow", WOMAN, status("not-pregnant", -1)),
    case("pregnant", UNKNOWN, "a test without a result", WOMAN, reading("pregnancy-test", days=1)),
    case("pregnant", UNKNOWN, "delivery was expected yesterday", WOMAN, due(-1)),
    case("pregnant", UNKNOWN, "a pregnancy that is over", WOMAN, problem("pregnancy", current=NO)),
    case(
        "pregnant",
        UNKNOWN,
        "a hysterectomy that is only under way",
        WOMAN,
        treatment("cannot-be-pregnant", days=0, completed=False),
    ),
    case("pregnant", UNKNOWN, "results could not be read", WOMAN, gap("readings")),
    # pregnant_before_radiation: a negative counts for 30 days
    case("pregnant_before_radiation", NO, "a negative 30 days ago", WOMAN, status("not-pregnant", 30)),
    case("pregnant_before_radiation", UNKNOWN, "a negative 31 days ago", WOMAN, status("not-pregnant", 31)),
    case("pregnant_before_radiation", YES, "a positive 294 days ago", WOMAN, status("pregnant", 294)),
    case("pregnant_before_radiation", NO, "hysterectomy was done", WOMAN, treatment("cannot-be-pregnant", days=4000)),
]


@pytest.mark.parametrize("one", CASES, ids=label)
def test_demographics(one: Case) -> None:
    assert one.ask().answer is one.answer


def test_a_coarse_date_of_birth_is_a_range_of_ages() -> None:
    assert age_range(chart(person(year(1961)))) == (64, 65)
    assert age_range(chart(person(When(date(2026, 1, 1), date(2026, 12, 31))))) == (0, 0)
    assert age_range(chart(person(When(TODAY, TODAY)))) == (0, 0)


def test_a_year_of_birth_is_told_as_two_ages() -> None:
    found = case("age_at_least", UNKNOWN, "", person(year(1961)), years=65).ask()
    assert found.because == "age 64 or 65"
    assert found.resources == ("Patient/p",)
