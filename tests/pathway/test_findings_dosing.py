"""Dose ceilings by kidney function: a value on a limit belongs to the band above it (pathway C.4)."""

from __future__ import annotations

import pytest
from charts import GABAPENTINOID_LIMITS, OPIOID_FACTORS

from cds_service.pathway.dosing import Limits, band_of, limit_for, morphine_mg


@pytest.mark.parametrize(
    ("kidney_function", "band"),
    [(120, 0), (60, 0), (59.999, 1), (59.6, 1), (30, 1), (29.999, 2), (15, 2), (14.999, 3), (0, 3)],
)
def test_a_value_on_a_limit_belongs_to_the_band_above(kidney_function: float, band: int) -> None:
    assert band_of(GABAPENTINOID_LIMITS, kidney_function) == band


def test_below_every_limit_the_last_band_holds() -> None:
    assert band_of(Limits("short", (60, 30), {}), 10) == 1


@pytest.mark.parametrize(
    ("ingredient", "ceilings"), [("gabapentin", [3600, 1400, 700, 300]), ("pregabalin", [600, 300, 150, 75])]
)
def test_each_band_has_its_ceiling(ingredient: str, ceilings: list[float]) -> None:
    assert [limit_for(GABAPENTINOID_LIMITS, ingredient, value) for value in (60, 30, 15, 0)] == ceilings


def test_an_ingredient_without_a_table_has_no_ceiling() -> None:
    assert limit_for(GABAPENTINOID_LIMITS, "duloxetine", 20) is None


@pytest.mark.parametrize(
    ("ingredient", "mg", "mcg", "worth"),
    [
        ("oxycodone", 20.0, None, 30.0),
        ("fentanyl", None, 25.0, 60.0),
        ("fentanyl", 0.1, None, None),
        ("oxycodone", None, None, None),
        ("buprenorphine", 8.0, None, 0.0),
        ("meperidine", 300.0, None, None),
    ],
)
def test_a_dose_is_worth_so_much_morphine(ingredient: str, mg: float | None, mcg: float | None, worth: float | None) -> None:
    assert morphine_mg(OPIOID_FACTORS, ingredient, mg, mcg) == worth
