"""After an operation, after a complete tear, early after a severe injury (pathway C.5, the physiotherapy cards)."""

from __future__ import annotations

import pytest
from charts import NO, UNKNOWN, YES, Case, case, gap, label, month, problem, reading, report, service, treatment, visits

from cds_service.pathway.answers import Answer

SURGERY, TEAR, PROTOCOL = "deep-gluteal-surgery", "hamstring-avulsion", "postoperative-protocol"
ORDER = "physiotherapy-order"


def late(longer: Answer, name: str, *parts: object) -> Case:
    """Fifteen visits without an outcome are due for review unless rehabilitation takes longer."""
    return case("visits_due_for_review", ~longer, name, visits(15, first=60, every=2), *parts)


def attached(answer: Answer, name: str, *parts: object) -> Case:
    return case("postoperative_protocol_attached", answer, name, *parts)


def early(answer: Answer, name: str, *parts: object) -> Case:
    return case("acute_or_postoperative", answer, name, *parts)


def severe(began: object, *more: str) -> object:
    return problem("hamstring-strain", "hamstring-grade-3", *more, began=began)  # type: ignore[arg-type]


CASES = [
    # visits_due_for_review
    late(YES, "operated 365 days ago", treatment(SURGERY, days=365)),
    late(NO, "operated 366 days ago", treatment(SURGERY, days=366)),
    late(UNKNOWN, "operated, not recorded when", treatment(SURGERY, days=None)),
    late(YES, "a tear on the problem list", problem(TEAR)),
    late(YES, "a tear that is over", problem(TEAR, current=NO, began=900)),
    late(YES, "a tear that was found", reading(TEAR, days=400)),
    late(NO, "a tear that was looked for and not found", reading(TEAR, days=400, present=False)),
    late(YES, "a tear that was reported", report(TEAR, days=400)),
    late(NO, "a strain", problem("hamstring-strain")),
    late(NO, "another treatment", treatment("physiotherapy-visit", days=5)),
    late(NO, "nothing is recorded"),
    *(late(UNKNOWN, f"{part} could not be read", gap(part)) for part in ("treatments", "problems", "readings", "reports")),
    late(YES, "a tear is known although treatments could not be read", problem(TEAR), gap("treatments")),
    # postoperative_protocol_attached
    attached(YES, "on the selected order", service(ORDER, details=(PROTOCOL,))),
    attached(NO, "on an order that is not selected", service(ORDER, details=(PROTOCOL,), selected=False)),
    attached(NO, "on another order", service("mri", details=(PROTOCOL,))),
    attached(NO, "none", service(ORDER)),
    # acute_or_postoperative
    early(YES, "operated 42 days ago", treatment(SURGERY, days=42)),
    early(NO, "operated 43 days ago", treatment(SURGERY, days=43)),
    early(UNKNOWN, "operated, of the day only the month is known", treatment(SURGERY, days=month(1))),
    early(YES, "a grade III injury 42 days ago", severe(42)),
    early(NO, "a grade III injury 43 days ago", severe(43)),
    early(UNKNOWN, "a grade III injury, not recorded when", severe(None)),
    early(NO, "a grade II injury", problem("hamstring-strain", "hamstring-grade-2", began=5)),
    early(YES, "a protocol on the selected order", service(ORDER, details=(PROTOCOL,))),
    early(NO, "nothing is recorded"),
    *(early(UNKNOWN, f"{part} could not be read", gap(part)) for part in ("treatments", "problems")),
    early(YES, "a protocol although the problem list could not be read", service(ORDER, details=(PROTOCOL,)), gap("problems")),
]


@pytest.mark.parametrize("one", CASES, ids=label)
def test_rehabilitation(one: Case) -> None:
    assert one.ask().answer is one.answer
