"""Hamstring injuries: the grade that is asked for, and the avulsion that must not be loaded (through ``red_flag``)."""

from __future__ import annotations

from typing import Any

import pytest
from charts import NO, UNKNOWN, YES, Case, case, chart, gap, label, person, problem, reading, report

from cds_service.pathway.hamstring import avulsion_suspected

HAMSTRING, AVULSION = "hamstring-strain", "hamstring-avulsion"
ADULT = person("1990-01-01")


def injury(*more: str, began: int | None = 10) -> Any:
    return problem(HAMSTRING, *more, began=began)


def retraction(value: float, unit: str | None = "cm") -> Any:
    return reading("hamstring-retraction", value=value, unit=unit)


GRADE_3 = injury("hamstring-grade-3", began=42)


def avulsions(flag: str) -> list[Case]:
    """An avulsion, as a finding of its own and as a red flag."""
    return [
        case(flag, YES, "a complete avulsion on the problem list", ADULT, injury(), problem(AVULSION)),
        case(flag, YES, "a complete avulsion in a report", ADULT, injury(), report(AVULSION)),
        case(flag, YES, "an imaging finding of avulsion", ADULT, injury(), reading(AVULSION, present=True)),
        case(flag, YES, "a retraction of 2 cm", ADULT, injury(), retraction(2)),
        case(flag, YES, "a retraction of 20 mm", ADULT, injury(), retraction(20, "mm")),
        case(flag, YES, "an injury of 183 days ago", ADULT, injury(began=183), retraction(2)),
        case(flag, YES, "an injury without a date", ADULT, injury(began=None), retraction(2)),
        case(flag, UNKNOWN, "an injury of 184 days ago is routine", ADULT, injury(began=184), retraction(2)),
        case(flag, UNKNOWN, "a retraction of 1.9 cm", ADULT, injury(), retraction(1.9)),
        case(flag, UNKNOWN, "measured, and no retraction", ADULT, injury(), retraction(0)),
        case(flag, UNKNOWN, "a retraction without a unit is not guessed", ADULT, injury(), retraction(20, None)),
        case(flag, UNKNOWN, "an imaging finding that is absent", ADULT, injury(), reading(AVULSION, present=False)),
        case(flag, UNKNOWN, "an avulsion without a hamstring problem", ADULT, report(AVULSION)),
        case(flag, YES, "grade III within 42 days with a palpable gap", ADULT, GRADE_3, reading("tendon-gap")),
        case(flag, YES, "grade III and foot drop", ADULT, GRADE_3, problem("leg-weakness", began=3)),
        case(flag, UNKNOWN, "grade III and nothing else", ADULT, GRADE_3),
        case(
            flag,
            UNKNOWN,
            "grade III 43 days ago with a gap",
            ADULT,
            injury("hamstring-grade-3", began=43),
            reading("tendon-gap"),
        ),
        case(flag, UNKNOWN, "grade II with a palpable gap", ADULT, injury("hamstring-grade-2"), reading("tendon-gap")),
    ]


CASES = [
    # hamstring_grade_unknown
    case("hamstring_grade_unknown", YES, "an injury without a grade", injury()),
    case("hamstring_grade_unknown", NO, "a grade is recorded", injury("hamstring-grade-1")),
    case("hamstring_grade_unknown", NO, "no hamstring injury", problem("sciatica")),
    case("hamstring_grade_unknown", NO, "the injury is over", problem(HAMSTRING, current=NO)),
    case("hamstring_grade_unknown", UNKNOWN, "the problem list could not be read", gap("problems")),
    # hamstring_grade_is
    *(case("hamstring_grade_is", YES, f"grade {n}", injury(f"hamstring-grade-{n}"), grade=n) for n in (1, 2, 3)),
    case("hamstring_grade_is", NO, "another grade", injury("hamstring-grade-2"), grade=3),
    case("hamstring_grade_is", NO, "the highest of several counts", injury("hamstring-grade-1", "hamstring-grade-3"), grade=1),
    case("hamstring_grade_is", UNKNOWN, "no grade", injury(), grade=1),
    case("hamstring_grade_is", UNKNOWN, "no injury", grade=1),
    case(
        "hamstring_grade_is",
        UNKNOWN,
        "the grade of an injury that is over",
        problem(HAMSTRING, "hamstring-grade-2", current=NO),
        grade=2,
    ),
    case("hamstring_grade_is", UNKNOWN, "the problem list could not be read", gap("problems"), grade=1),
    *(one for flag in ("red_flag", "avulsion_suspected") for one in avulsions(flag)),
]


@pytest.mark.parametrize("one", CASES, ids=label)
def test_hamstring(one: Case) -> None:
    assert one.ask().answer is one.answer


def test_an_avulsion_that_is_not_recorded_is_not_excluded() -> None:
    assert avulsion_suspected(chart()).answer is UNKNOWN
