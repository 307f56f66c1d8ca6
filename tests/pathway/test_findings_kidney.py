"""Kidney function: the lower of clearance and eGFR, its limits, and what is not understood."""

from __future__ import annotations

import pytest
from charts import (
    NO,
    UNKNOWN,
    YES,
    Case,
    case,
    chart,
    creatinine,
    egfr,
    gap,
    label,
    person,
    problem,
    reading,
    treatment,
    weight,
    year,
)

from cds_service.pathway.kidney import creatinine_clearance, kidney_function, kidney_values

SEVENTY = person("1956-01-01")  # 70 years old, female

CASES = [
    case("kidney_function_below", YES, "59 is below 60", egfr(59), limit=60),
    case("kidney_function_below", YES, "59.6 is not rounded up to 60", egfr(59.6), limit=60),
    case("kidney_function_below", NO, "60 is not below 60", egfr(60), limit=60),
    case("kidney_function_below", YES, "29.9 is below 30", egfr(29.9), limit=30),
    case("kidney_function_below", NO, "30 is not below 30", egfr(30), limit=30),
    case("kidney_function_below", YES, "29 is below 30", egfr(29), limit=30),
    case("kidney_function_below", NO, '">60" is 60 or more', egfr(60, comparator=">"), limit=60),
    case("kidney_function_below", NO, '">=60" is 60 or more', egfr(60, comparator=">="), limit=60),
    case("kidney_function_below", UNKNOWN, '">60" may be below 90', egfr(60, comparator=">"), limit=90),
    case("kidney_function_below", YES, '"<15" is below 15', egfr(15, comparator="<"), limit=15),
    case("kidney_function_below", UNKNOWN, '"<=15" may be 15', egfr(15, comparator="<="), limit=15),
    case("kidney_function_below", YES, '"<15" is below 30', egfr(15, comparator="<"), limit=30),
    case("kidney_function_below", UNKNOWN, '"<60" may be below 30', egfr(60, comparator="<"), limit=30),
    case("kidney_function_below", UNKNOWN, "a comparator that is not understood", egfr(50, comparator="ad"), limit=60),
    case("kidney_function_below", YES, "365 days old", egfr(50, 365), limit=60),
    case("kidney_function_below", UNKNOWN, "366 days old", egfr(50, 366), limit=60),
    case("kidney_function_below", UNKNOWN, "dated tomorrow", egfr(50, -1), limit=60),
    case("kidney_function_below", UNKNOWN, "without a date", egfr(50, None), limit=60),
    case("kidney_function_below", UNKNOWN, "only the year of the result is known", egfr(50, year(2025)), limit=60),
    case("kidney_function_below", NO, "the newest counts", egfr(50, 20), egfr(70, 10), limit=60),
    case("kidney_function_below", UNKNOWN, "the newest is not a number", egfr(70, 20), reading("egfr", days=10), limit=60),
    case("kidney_function_below", YES, "low before one that is not a number", egfr(50, 20), reading("egfr", days=10), limit=60),
    case("kidney_function_below", NO, "beside one of the same day that is not", egfr(70, 10), reading("egfr", days=10), limit=60),
    case("kidney_function_below", YES, "of two on one day the lower counts", egfr(62, 10), egfr(57, 10), limit=60),
    case("kidney_function_below", UNKNOWN, "a negative value is no value", egfr(-5), limit=60),
    case("kidney_function_below", UNKNOWN, "another unit is not guessed", egfr(50, unit="mL/s"), limit=60),
    case("kidney_function_below", YES, "the unit of the laboratory", egfr(50, unit="mL/min/{1.73_m2}"), limit=60),
    case(
        "kidney_function_below", YES, "a clearance lower than the eGFR", SEVENTY, egfr(75), creatinine(1.0), weight(60), limit=60
    ),
    case(
        "kidney_function_below", YES, "an eGFR lower than the clearance", SEVENTY, egfr(50), creatinine(0.6), weight(90), limit=60
    ),
    case("kidney_function_below", UNKNOWN, "clearance and eGFR too coarse", SEVENTY, egfr(60, comparator=">"), limit=65),
    case("kidney_function_below", YES, "creatinine in umol/L", SEVENTY, creatinine(88.4, "umol/L"), weight(60), limit=60),
    case("kidney_function_below", UNKNOWN, "creatinine without a unit", SEVENTY, creatinine(1.1, None), weight(60), limit=60),
    case("kidney_function_below", UNKNOWN, "no weight", SEVENTY, creatinine(1.1), limit=60),
    case("kidney_function_below", UNKNOWN, "weight without a unit", SEVENTY, creatinine(1.1), weight(60, None), limit=60),
    case("kidney_function_below", UNKNOWN, "weight 366 days old", SEVENTY, creatinine(1.1), weight(60, days=366), limit=60),
    case("kidney_function_below", UNKNOWN, "no age", person(None), creatinine(1.1), weight(60), limit=60),
    case("kidney_function_below", UNKNOWN, "no sex", person("1956-01-01", None), creatinine(1.1), weight(60), limit=60),
    case("kidney_function_below", UNKNOWN, "no result", limit=60),
    case("kidney_function_below", UNKNOWN, "results could not be read", gap("readings"), limit=60),
    case("kidney_function_below", YES, "a low value stays low when others were not read", egfr(50), gap("readings"), limit=60),
    *(
        case("kidney_function_below", UNKNOWN, f"a lower value may hide in the {section}", egfr(70), gap(section), limit=60)
        for section in ("readings", "person", "problems", "treatments")
    ),
    case("kidney_function_below", YES, "dialysis counts as below 15", problem("dialysis"), egfr(70), limit=15),
    case("kidney_function_below", YES, "stage 5 counts as below 15", problem("ckd-stage-5"), limit=15),
    case("kidney_function_below", YES, "haemodialysis 90 days ago", treatment("dialysis", days=90), limit=15),
    case("kidney_function_below", NO, "haemodialysis 91 days ago", treatment("dialysis", days=91), egfr(70), limit=15),
    case("kidney_function_below", NO, "dialysis that is over", problem("dialysis", current=NO), egfr(70), limit=15),
    case("kidney_function_below", UNKNOWN, "dialysis, perhaps over", problem("dialysis", current=UNKNOWN), egfr(70), limit=15),
    case(
        "kidney_function_below", UNKNOWN, "stage 5, perhaps an error", problem("ckd-stage-5", current=UNKNOWN), egfr(70), limit=60
    ),
    case("kidney_function_below", UNKNOWN, "haemodialysis without a date", treatment("dialysis", days=None), egfr(70), limit=60),
    case("kidney_function_below", YES, "stage 4 without a value is below 30", problem("ckd-stage-4"), limit=30),
    case("kidney_function_below", NO, "stage 4 without a value is not below 15", problem("ckd-stage-4"), limit=15),
    case("kidney_function_below", NO, "a value counts before stage 4", problem("ckd-stage-4"), egfr(45), limit=30),
    # kidney_function_at_least is the opposite, and unknown where the other is
    case("kidney_function_at_least", YES, "30 is at least 30", egfr(30), limit=30),
    case("kidney_function_at_least", NO, "29.9 is not at least 30", egfr(29.9), limit=30),
    case("kidney_function_at_least", YES, '">60" is at least 60', egfr(60, comparator=">"), limit=60),
    case("kidney_function_at_least", NO, "dialysis", problem("dialysis"), egfr(70), limit=30),
    case("kidney_function_at_least", UNKNOWN, "no result", limit=30),
    case("kidney_function_at_least", UNKNOWN, "results could not be read", gap("readings"), limit=30),
    # no_kidney_result
    case("no_kidney_result", YES, "nothing within 365 days", egfr(70, 366)),
    case("no_kidney_result", YES, "a creatinine without a unit", SEVENTY, creatinine(1.1, None), weight(60)),
    case("no_kidney_result", NO, "365 days old", egfr(70, 365)),
    case("no_kidney_result", NO, "stage 4 is recorded", problem("ckd-stage-4")),
    case("no_kidney_result", NO, "a value was read although others were not", egfr(70), gap("readings")),
    case("no_kidney_result", UNKNOWN, "results could not be read", gap("readings")),
]


@pytest.mark.parametrize("one", CASES, ids=label)
def test_kidney(one: Case) -> None:
    assert one.ask().answer is one.answer


@pytest.mark.parametrize(("sex", "value"), [("female", 49.583333), ("male", 58.333333)])
def test_clearance_is_cockcroft_and_gault_never_rounded(sex: str, value: float) -> None:
    found = creatinine_clearance(chart(person("1956-01-01", sex), creatinine(1.0), weight(60)))
    assert found is not None
    assert found.low == found.high == pytest.approx(value, abs=1e-5)


def test_a_coarse_birth_date_gives_the_lower_clearance() -> None:
    exact = creatinine_clearance(chart(person("1960-03-02"), creatinine(1.0), weight(60)))
    coarse = creatinine_clearance(chart(person(year(1960)), creatinine(1.0), weight(60)))
    assert exact is not None
    assert coarse is not None
    assert coarse.low == exact.low


def test_on_one_day_the_higher_creatinine_and_the_lower_weight_count() -> None:
    found = creatinine_clearance(chart(SEVENTY, creatinine(1.0), creatinine(2.0), weight(60), weight(50)))
    alone = creatinine_clearance(chart(SEVENTY, creatinine(2.0), weight(50)))
    assert found is not None
    assert alone is not None
    assert found.low == alone.low


def test_both_values_are_shown_with_their_dates() -> None:
    told = kidney_values(chart(SEVENTY, egfr(75), creatinine(1.0), weight(60)))
    assert "eGFR 75" in told
    assert "creatinine clearance 49.6" in told
    assert "Cockcroft-Gault" in told
    assert "2026-02-20" in told


def test_the_record_that_decided_is_named() -> None:
    found = kidney_function(chart(egfr(50, ref="Observation/e")))
    assert found is not None
    assert found.refs == ("Observation/e",)


def test_a_reading_without_a_value_hides_nothing() -> None:
    found = kidney_function(chart(egfr(50, 20), reading("egfr", days=10)))
    assert found is not None
    assert found.low == 50
