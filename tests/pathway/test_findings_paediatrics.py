"""Limping, which makes the hip of a child urgent."""

from __future__ import annotations

import pytest
from charts import NO, UNKNOWN, YES, Case, case, gap, label, problem, reading

CASES = [
    case("limp_recorded", YES, "on the problem list", problem("limping")),
    case("limp_recorded", YES, "a finding without a result", reading("limping")),
    case("limp_recorded", YES, "a positive finding", reading("limping", present=True)),
    case("limp_recorded", NO, "a negative finding", reading("limping", present=False)),
    case("limp_recorded", NO, "over", problem("limping", current=NO)),
    case("limp_recorded", NO, "nothing"),
    case("limp_recorded", UNKNOWN, "perhaps over", problem("limping", current=UNKNOWN)),
    case("limp_recorded", UNKNOWN, "the problem list could not be read", gap("problems")),
    case("limp_recorded", UNKNOWN, "findings could not be read", gap("readings")),
    case("limp_recorded", YES, "a finding, although the problem list could not be read", reading("limping"), gap("problems")),
]


@pytest.mark.parametrize("one", CASES, ids=label)
def test_limp(one: Case) -> None:
    assert one.ask().answer is one.answer
