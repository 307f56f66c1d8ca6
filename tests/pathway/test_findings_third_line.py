"""After second-line care: referrals, documented compression, confirmed diagnoses and earlier operations."""

from __future__ import annotations

from typing import Any

import pytest
from charts import (
    NO,
    UNKNOWN,
    YES,
    Case,
    case,
    gap,
    label,
    medicine,
    plan,
    problem,
    reading,
    report,
    request,
    treatment,
    visits,
)

PAIN, SURGERY, OPERATION = "referral-pain", "referral-surgery", "deep-gluteal-surgery"
COMPRESSION, NARROW = "nerve-compression", "ischiofemoral-imaging"
FAILED = treatment("deep-gluteal-injection", days=28, details=("outcome-unsuccessful",))
GABAPENTIN = medicine("gabapentin", start=100, end=58, status="stopped")
DULOXETINE = medicine("duloxetine", start=100, end=72, status="stopped")
ISCHIOFEMORAL: dict[str, Any] = {"any_of": ("ischiofemoral",)}


def documented(finding: str, of: str) -> list[Case]:
    return [
        case(finding, YES, "reported", report(of)),
        case(finding, YES, "a current problem", problem(of)),
        case(finding, YES, "a finding", reading(of)),
        case(finding, NO, "recorded as absent", reading(of, present=False)),
        case(finding, UNKNOWN, "nothing is coded", report("mass-on-nerve")),
        case(finding, UNKNOWN, "reports could not be read", gap("reports")),
    ]


CASES = [
    # referred_within
    case("referred_within", YES, "180 days ago", request(PAIN, days=180), to=(PAIN,), days=180),
    case("referred_within", YES, "completed", request(PAIN, days=20, active=False), to=(PAIN,), days=180),
    case("referred_within", NO, "181 days ago", request(PAIN, days=181), to=(PAIN,), days=180),
    case("referred_within", NO, "another referral", request(SURGERY, days=20), to=(PAIN,), days=180),
    case("referred_within", YES, "one of several kinds", request(SURGERY, days=20), to=(PAIN, SURGERY), days=180),
    case("referred_within", UNKNOWN, "without a date", request(PAIN, days=None), to=(PAIN,), days=180),
    case("referred_within", UNKNOWN, "requests could not be read", gap("requests"), to=(PAIN,), days=180),
    # confirmed_syndrome
    case("confirmed_syndrome", YES, "confirmed", problem("ischiofemoral-impingement"), **ISCHIOFEMORAL),
    case("confirmed_syndrome", NO, "suspected", problem("ischiofemoral-impingement", suspected=True), **ISCHIOFEMORAL),
    case("confirmed_syndrome", NO, "another one", problem("piriformis-syndrome"), **ISCHIOFEMORAL),
    case("confirmed_syndrome", NO, "over", problem("ischiofemoral-impingement", current=NO), **ISCHIOFEMORAL),
    case("confirmed_syndrome", UNKNOWN, "the problem list could not be read", gap("problems"), **ISCHIOFEMORAL),
    # documented by imaging
    *documented("nerve_compression_documented", COMPRESSION),
    *documented("imaging_supports_ischiofemoral", NARROW),
    # injection_failed_or_care_for
    case("injection_failed_or_care_for", YES, "a failed injection", FAILED, days=180),
    case("injection_failed_or_care_for", YES, "day 180", visits(3, first=180, every=60), days=180),
    case("injection_failed_or_care_for", NO, "day 179", visits(3, first=179, every=60), days=180),
    case("injection_failed_or_care_for", NO, "neither", days=180),
    case("injection_failed_or_care_for", UNKNOWN, "procedures could not be read", gap("treatments"), days=180),
    case(
        "injection_failed_or_care_for", UNKNOWN, "earlier visits may be missing", visits(1, first=20), gap("contacts"), days=180
    ),
    case("injection_failed_or_care_for", UNKNOWN, "no visit was read", gap("contacts"), days=180),
    # second_line_exhausted
    case("second_line_exhausted", YES, "a failed injection", FAILED),
    case("second_line_exhausted", YES, "two medicines for an adequate time", GABAPENTIN, DULOXETINE),
    case("second_line_exhausted", YES, "two, although others could not be read", GABAPENTIN, DULOXETINE, gap("medicines")),
    case("second_line_exhausted", NO, "one medicine", GABAPENTIN),
    case(
        "second_line_exhausted",
        NO,
        "the second for 27 days",
        GABAPENTIN,
        medicine("duloxetine", start=100, end=73, status="stopped"),
    ),
    case(
        "second_line_exhausted",
        NO,
        "one medicine twice",
        GABAPENTIN,
        medicine("gabapentin", start=400, end=300, status="stopped"),
    ),
    case("second_line_exhausted", UNKNOWN, "medicines could not be read", GABAPENTIN, gap("medicines")),
    case(
        "second_line_exhausted",
        UNKNOWN,
        "the effect of an injection is not recorded",
        treatment("deep-gluteal-injection", days=40),
    ),
    # conservative_care_below
    case("conservative_care_below", YES, "day 89", visits(3, first=89, every=20), days=90),
    case("conservative_care_below", YES, "none", days=90),
    case("conservative_care_below", YES, "ordered only", request("physiotherapy-order"), days=90),
    case("conservative_care_below", NO, "day 90", visits(3, first=90, every=20), days=90),
    case("conservative_care_below", NO, "day 90 from a part", visits(2, first=90, every=30), gap("contacts"), days=90),
    case("conservative_care_below", UNKNOWN, "a newer episode may hide", visits(1, first=90), gap("contacts"), days=90),
    case("conservative_care_below", UNKNOWN, "visits could not be read", gap("contacts"), days=90),
    case("conservative_care_below", UNKNOWN, "earlier visits may be missing", visits(1, first=20), gap("contacts"), days=90),
    case(
        "conservative_care_below",
        UNKNOWN,
        "a finished programme without its visits",
        plan("exercise-plan", finished=True),
        days=90,
    ),
]


@pytest.mark.parametrize("one", CASES, ids=label)
def test_third_line(one: Case) -> None:
    assert one.ask().answer is one.answer
