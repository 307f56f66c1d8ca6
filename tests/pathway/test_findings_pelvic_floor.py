"""What pelvic-floor therapy may be for (pathway C.5, pelvic-floor-therapy-check; conflict B-04)."""

from __future__ import annotations

import pytest
from charts import NO, UNKNOWN, YES, Case, case, chart, gap, label, problem, reason, service

from cds_service.pathway.answers import Answer
from cds_service.pathway.pelvic_floor import pelvic_floor_therapy_selected

NAMES = ("pelvic-floor-indication", "pelvic-floor-words", "pudendal-words")
THERAPY = "pelvic-floor-therapy"


def indicated(answer: Answer, name: str, *parts: object) -> Case:
    return case("pelvic_floor_indication", answer, name, *parts)


CASES = [
    *(indicated(YES, f"{name} is recorded", problem(name)) for name in NAMES),
    *(indicated(YES, f"{name} is the reason of the order", service(THERAPY, reasons=(reason(name),))) for name in NAMES),
    indicated(NO, "the reason of an order that is not selected", service(THERAPY, reasons=(reason(NAMES[0]),), selected=False)),
    indicated(NO, "another reason", service(THERAPY, reasons=(reason("sciatica"),))),
    indicated(NO, "over", problem(NAMES[0], current=NO)),
    indicated(NO, "another problem", problem("sciatica")),
    indicated(NO, "nothing is recorded"),
    indicated(UNKNOWN, "not recorded whether it is current", problem(NAMES[0], current=UNKNOWN)),
    indicated(UNKNOWN, "the problem list could not be read", gap("problems")),
]


@pytest.mark.parametrize("one", CASES, ids=label)
def test_pelvic_floor(one: Case) -> None:
    assert one.ask().answer is one.answer


def test_the_selected_therapy_is_told() -> None:
    selected = pelvic_floor_therapy_selected(chart(service(THERAPY), service("mri"), service(THERAPY, selected=False)))
    assert selected == "pelvic floor therapy"
