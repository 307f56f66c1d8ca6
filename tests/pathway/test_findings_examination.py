"""Whether the posterior hip was examined (encodings, section 4)."""

from __future__ import annotations

import pytest
from charts import NO, UNKNOWN, YES, Case, case, gap, label, month, pain, reading, report, treatment

from cds_service.pathway.answers import Answer


def missing(answer: Answer, name: str, *parts: object) -> Case:
    return case("examination_not_documented", answer, name, *parts)


CASES = [
    missing(YES, "nothing"),
    missing(NO, "a test 90 days ago", reading("examination", days=90, present=True)),
    missing(NO, "a negative test", reading("examination", days=3, present=False)),
    missing(NO, "a strength", reading("examination", "limb-strength", value=5, days=3)),
    missing(YES, "a test 91 days ago", reading("examination", days=91)),
    missing(UNKNOWN, "a test without a date", reading("examination", days=None)),
    missing(UNKNOWN, "a test in a month at the edge", reading("examination", days=month(12, 2025))),
    missing(YES, "a pain score is no examination", pain(5, 3)),
    missing(NO, "an MRI of the hip 180 days ago", report(of="mri-hip-pelvis", days=180)),
    missing(YES, "an MRI of the hip 181 days ago", report(of="mri-hip-pelvis", days=181)),
    missing(NO, "a nerve conduction study 180 days ago", report(of="emg", days=180)),
    missing(NO, "a nerve conduction study as a procedure", treatment("emg", days=180)),
    missing(YES, "a nerve conduction study 181 days ago", treatment("emg", days=181)),
    missing(YES, "a lumbar MRI does not show the hip", report(of="mri-lumbar")),
    missing(YES, "a radiograph is not enough", report(of="xray-hip-pelvis")),
    *(missing(UNKNOWN, f"the {s} could not be read", gap(s)) for s in ("readings", "reports", "treatments")),
    missing(NO, "a test, although reports could not be read", reading("examination", days=3), gap("reports")),
]


@pytest.mark.parametrize("one", CASES, ids=label)
def test_examination(one: Case) -> None:
    assert one.ask().answer is one.answer
