"""Referrals since a red flag, and operations of the past."""

from __future__ import annotations

import pytest
from charts import NO, UNKNOWN, YES, Case, case, gap, label, month, person, problem, reading, report, request, treatment

from cds_service.pathway.answers import Answer
from cds_service.pathway.chart import Reading

FORTY = person("1986-01-01")
SURGERY, NEUROLOGY, PAIN = "referral-surgery", "referral-neurology", "referral-pain"
FOOT_DROP = problem("leg-weakness", began=20)
TEAR, MASS = [problem("hamstring-strain", began=20), report("hamstring-avulsion", days=5)], report("mass-on-nerve", days=20)
BUTTOCK = problem("buttock-pain", began=20)


def strength(value: float, days: int) -> Reading:
    return reading("limb-strength", value=value, days=days, code="exam-strength-ankle-dorsiflexion")


def weak(answer: Answer, name: str, *parts: object) -> Case:
    return case("referred_since_weakness", answer, name, FORTY, *parts)


def torn(answer: Answer, name: str, *parts: object) -> Case:
    return case("referred_since_avulsion", answer, name, FORTY, *parts)


def mass(answer: Answer, name: str, *parts: object) -> Case:
    return case("referred_since_mass", answer, name, FORTY, *parts)


def seen(answer: Answer, name: str, *parts: object) -> Case:
    return case("specialist_saw_wider_pain", answer, name, *parts)


def operated(answer: Answer, name: str, *parts: object) -> Case:
    return case("operated_before", answer, name, *parts, operation="deep-gluteal-surgery")


CASES = [
    # referred_since_weakness
    weak(YES, "referred to a surgeon on the day of the foot drop", FOOT_DROP, request(SURGERY, days=20)),
    weak(YES, "referred to neurology, and completed", FOOT_DROP, request(NEUROLOGY, days=5, active=False)),
    weak(NO, "referred the day before", FOOT_DROP, request(SURGERY, days=21)),
    weak(NO, "referred to pain management", FOOT_DROP, request(PAIN, days=5)),
    weak(NO, "referred in the future", FOOT_DROP, request(SURGERY, days=-1)),
    weak(NO, "not referred", FOOT_DROP),
    weak(UNKNOWN, "a referral without a date", FOOT_DROP, request(SURGERY, days=None)),
    weak(UNKNOWN, "a referral of a month that may be before", FOOT_DROP, request(SURGERY, days=month(2))),
    weak(UNKNOWN, "referrals could not be read", FOOT_DROP, gap("requests")),
    weak(UNKNOWN, "no weakness is recorded", request(SURGERY, days=5)),
    weak(YES, "the same strength measured again after the referral", strength(3, 25), strength(3, 2), request(SURGERY, days=20)),
    weak(NO, "weaker by a grade after the referral", strength(3, 25), strength(2, 2), request(SURGERY, days=20)),
    weak(NO, "a second weakness after the referral", FOOT_DROP, problem("leg-weakness", began=2), request(SURGERY, days=10)),
    weak(UNKNOWN, "a newer loss of strength may not have been read", FOOT_DROP, request(SURGERY, days=20), gap("readings")),
    # referred_since_avulsion
    torn(YES, "referred on the day of the injury", TEAR, request(SURGERY, days=20)),
    torn(NO, "referred the day before the injury", TEAR, request(SURGERY, days=21)),
    torn(NO, "referred to neurology", TEAR, request(NEUROLOGY, days=5)),
    torn(NO, "not referred", TEAR),
    torn(UNKNOWN, "an injury without a date", problem("hamstring-strain"), report("hamstring-avulsion"), request(SURGERY)),
    torn(UNKNOWN, "referrals could not be read", TEAR, gap("requests")),
    # referred_since_mass
    mass(YES, "referred on the day of the report", MASS, request(SURGERY, days=20)),
    mass(NO, "referred the day before the report", MASS, request(SURGERY, days=21)),
    mass(NO, "a newer report after the referral", MASS, report("mass-on-nerve", days=3), request(SURGERY, days=10)),
    mass(NO, "not referred", MASS),
    mass(UNKNOWN, "a mass on the problem list without a date", problem("mass-on-nerve"), request(SURGERY)),
    mass(UNKNOWN, "referrals could not be read", MASS, gap("requests")),
    # specialist_saw_wider_pain
    *(seen(YES, f"a completed {to}", BUTTOCK, request(to, days=90, active=False)) for to in (SURGERY, NEUROLOGY, PAIN)),
    seen(NO, "completed 91 days ago", BUTTOCK, request(SURGERY, days=91, active=False)),
    seen(NO, "still active", BUTTOCK, request(SURGERY, days=5)),
    seen(NO, "a core syndrome is recorded", problem("sciatica"), request(SURGERY, days=5, active=False)),
    seen(NO, "no referral", BUTTOCK),
    seen(UNKNOWN, "completed without a date", BUTTOCK, request(SURGERY, days=None, active=False)),
    seen(UNKNOWN, "referrals could not be read", BUTTOCK, gap("requests")),
    seen(UNKNOWN, "the problem list could not be read", request(SURGERY, days=5, active=False), gap("problems")),
    seen(NO, "nothing is completed, although the problem list could not be read", gap("problems")),
    # operated_before
    operated(YES, "operated years ago", treatment("deep-gluteal-surgery", days=2000)),
    operated(YES, "operated on an unknown day", treatment("deep-gluteal-surgery", days=None)),
    operated(NO, "under way", treatment("deep-gluteal-surgery", days=1, completed=False)),
    operated(NO, "another operation", treatment("dialysis", days=1)),
    operated(UNKNOWN, "procedures could not be read", gap("treatments")),
]


@pytest.mark.parametrize("one", CASES, ids=label)
def test_specialist_care(one: Case) -> None:
    assert one.ask().answer is one.answer
