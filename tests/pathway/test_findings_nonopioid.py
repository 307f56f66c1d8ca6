"""Non-opioid treatment before an opioid: seven days within ninety, or a visit (encodings, section 6; settled question 18)."""

from __future__ import annotations

import pytest
from charts import NO, YES, Case, case, chart, draft, gap, label, medicine, month, plan, treatment, visit

from cds_service.pathway.answers import Answer
from cds_service.pathway.nonopioid import nonopioids_found


def not_shown(answer: Answer, name: str, *parts: object) -> Case:
    return case("nonopioid_trial_not_shown", answer, name, *parts)


def unclear(answer: Answer, name: str, *parts: object) -> Case:
    return case("nonopioid_history_unclear", answer, name, *parts)


def ended(ingredient: str, start: int, end: int | None, **rest: object) -> object:
    return medicine(ingredient, start=start, end=end, status="stopped", **rest)


MIXED = {"ingredients": frozenset({"acetaminophen", "oxycodone"})}
NOTHING = "no NSAID, topical medicine or acetaminophen in 90 days; no physiotherapy visit"
TOPICAL = ("diclofenac gel", "lidocaine", "capsaicin")

CASES = [
    # nonopioid_trial_not_shown
    not_shown(YES, "nothing is recorded"),
    *(not_shown(NO, f"{drug} for 7 days", ended(drug, 20, 13)) for drug in ("ibuprofen", "acetaminophen", *TOPICAL)),
    *(not_shown(YES, f"{drug} for 6 days", ended(drug, 20, 14)) for drug in ("ibuprofen", "acetaminophen", *TOPICAL)),
    not_shown(NO, "taken now, since 7 days", medicine("ibuprofen", start=7)),
    not_shown(YES, "taken now, since 6 days", medicine("ibuprofen", start=6)),
    not_shown(NO, "7 of the days lie within 90", ended("ibuprofen", 200, 83)),
    not_shown(YES, "6 of the days lie within 90", ended("ibuprofen", 200, 84)),
    not_shown(NO, "two courses of one medicine are added", ended("ibuprofen", 60, 56), ended("ibuprofen", 20, 17)),
    not_shown(YES, "the same days in two records count once", ended("ibuprofen", 20, 16), ended("ibuprofen", 19, 16)),
    not_shown(YES, "four days each of two medicines", ended("ibuprofen", 60, 56), ended("acetaminophen", 20, 16)),
    not_shown(YES, "acetaminophen inside an opioid", ended("oxycodone and acetaminophen", 60, 10, **MIXED)),
    not_shown(
        YES,
        "acetaminophen with a cold remedy",
        medicine("acetaminophen", start=20)._replace(name="acetaminophen 250 MG / brompheniramine maleate 2 MG Oral Tablet"),
    ),
    not_shown(YES, "another medicine", medicine("gabapentin", start=60)),
    not_shown(YES, "drafted", draft("ibuprofen")),
    not_shown(YES, "not to be given", medicine("ibuprofen", start=30, do_not_give=True)),
    not_shown(YES, "a cancelled order", ended("ibuprofen", 30, 10)._replace(status="cancelled")),  # type: ignore[attr-defined]
    not_shown(NO, "one physiotherapy visit, years ago", visit(1000)),
    not_shown(NO, "a treatment at a visit", treatment("physiotherapy-visit", days=5)),
    not_shown(NO, "a finished programme without visits", plan("exercise-plan", finished=True)),
    not_shown(YES, "a programme that is planned", plan("exercise-plan", active=True)),
    not_shown(YES, "what could not be read is not shown", gap("medicines")),
    not_shown(NO, "a trial is known although medicines could not be read", visit(5), gap("medicines")),
    # nonopioid_history_unclear
    *(unclear(YES, f"{part} could not be read", gap(part)) for part in ("medicines", "contacts", "treatments", "plans")),
    unclear(NO, "a trial is known", visit(5), gap("medicines")),
    unclear(NO, "everything was read, nothing is recorded"),
    unclear(YES, "begun 90 days ago, its end is not recorded", ended("ibuprofen", 90, None)),
    unclear(NO, "begun 91 days ago, its end is not recorded", ended("ibuprofen", 91, None)),
    unclear(YES, "begun 7 days ago, its end is not recorded", ended("ibuprofen", 7, None)),
    unclear(NO, "begun 6 days ago, its end is not recorded", ended("ibuprofen", 6, None)),
    unclear(YES, "taken now, since when is not recorded", medicine("ibuprofen")),
    unclear(YES, "taken now, since some day of last month", medicine("ibuprofen", start=month(2))),
    unclear(NO, "a medicine that does not count", ended("gabapentin", 60, None)),
    unclear(NO, "the problem list could not be read", gap("problems")),
    unclear(NO, "begins tomorrow", medicine("ibuprofen", start=-1)),
]


@pytest.mark.parametrize("one", CASES, ids=label)
def test_nonopioid(one: Case) -> None:
    assert one.ask().answer is one.answer


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ([], NOTHING),
        ([ended("ibuprofen", 20, 17)], "ibuprofen 3 days; no physiotherapy visit"),
        ([ended("ibuprofen", 2, 1), visit(3), visit(2)], "ibuprofen 1 day; 2 physiotherapy visits"),
        ([ended("ibuprofen", 20, None)], "ibuprofen, length not recorded; no physiotherapy visit"),
        ([gap("medicines"), gap("contacts")], "the medicines could not be read; physiotherapy visits could not be read"),
        ([ended("ibuprofen", 200, 100)], NOTHING),
    ],
)
def test_what_was_tried_is_told(parts: list[object], told: str) -> None:
    assert nonopioids_found(chart(parts)) == told
