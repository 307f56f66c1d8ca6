"""Education in this spell of pain (encodings, section 5, education_recorded)."""

from __future__ import annotations

import pytest
from charts import NO, UNKNOWN, YES, Case, case, gap, label, month, plan, problem, taught, treatment

from cds_service.pathway.answers import Answer

SINCE_30 = problem("deep-gluteal-syndrome", began=30)
UNDATED = problem("deep-gluteal-syndrome")


def missing(answer: Answer, name: str, *parts: object) -> Case:
    return case("education_not_recorded", answer, name, *parts)


CASES = [
    missing(YES, "nothing is recorded", SINCE_30),
    missing(NO, "a procedure", SINCE_30, treatment("education", days=5)),
    missing(YES, "a procedure that is under way", SINCE_30, treatment("education", days=5, completed=False)),
    missing(YES, "another procedure", SINCE_30, treatment("physiotherapy-visit", days=5)),
    missing(NO, "a message or a document", SINCE_30, taught(5)),
    missing(NO, "a care plan", SINCE_30, plan("education", active=True, began=5)),
    missing(YES, "another care plan", SINCE_30, plan("exercise-plan", active=True, began=5)),
    missing(NO, "on the day of the onset", SINCE_30, taught(30)),
    missing(YES, "the day before the onset", SINCE_30, taught(31)),
    missing(YES, "tomorrow", SINCE_30, taught(-1)),
    missing(NO, "the earliest onset counts", SINCE_30, problem("sciatica", began=60), taught(60)),
    missing(NO, "without an onset any date counts", UNDATED, taught(3000)),
    missing(NO, "without an onset no date is needed", UNDATED, taught(None)),
    missing(YES, "without an onset tomorrow does not count", UNDATED, taught(-1)),
    missing(UNKNOWN, "not recorded when", SINCE_30, taught(None)),
    missing(UNKNOWN, "in the month of the onset", SINCE_30, taught(month(1))),
    missing(UNKNOWN, "some day of this month", SINCE_30, taught(month(3))),
    *(missing(UNKNOWN, f"{part} could not be read", SINCE_30, gap(part)) for part in ("treatments", "teaching", "plans")),
    missing(NO, "known although plans could not be read", SINCE_30, taught(5), gap("plans")),
]


@pytest.mark.parametrize("one", CASES, ids=label)
def test_teaching(one: Case) -> None:
    assert one.ask().answer is one.answer
