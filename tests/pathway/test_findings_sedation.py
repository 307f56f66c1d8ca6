"""Two gabapentinoids, many CNS-active medicines, the dose of opioids, and the risk of an overdose."""

from __future__ import annotations

from typing import Any

import pytest
from charts import NO, OPIOID_FACTORS, UNKNOWN, YES, Case, case, chart, draft, gap, label, medicine, person, problem

from cds_service.pathway.answers import Answer
from cds_service.pathway.chart import Draft, Medicine
from cds_service.pathway.sedation import cns_active_counted, gabapentinoids_present, overdose_risk, overdose_risks_found

FORTY, SIXTY_FOUR, SIXTY_FIVE = person("1986-01-01"), person("1961-03-03"), person("1961-03-02")
UNREAD = gap("medicines")
GABAPENTIN, PREGABALIN = draft("gabapentin"), draft("pregabalin")


def other(answer: Answer, name: str, *parts: object) -> Case:
    return case("ordering_other_gabapentinoid", answer, name, *parts)


def three(answer: Answer, name: str, *parts: object) -> Case:
    return case("cns_active_at_least", answer, name, *parts, count=3)


def mme(answer: Answer, name: str, *parts: object) -> Case:
    return case("opioid_dose_at_least", answer, name, *parts, mme=50, factors=OPIOID_FACTORS)


def risk(answer: Answer, name: str, *parts: object, age: object = FORTY, ordered: object = None) -> Case:
    ordered = ordered or draft("oxycodone", daily_mg=10)
    return case("overdose_risk", answer, name, ordered, age, *parts, factors=OPIOID_FACTORS)


def order(drug: str, mg: float | None, ref: str = "", **rest: Any) -> Draft:
    return draft(drug, daily_mg=mg, ref=f"MedicationRequest/{drug}-{mg}-{ref}", **rest)


def listed(drug: str, mg: float | None, ref: str = "", **rest: Any) -> Medicine:
    name = rest.pop("name", drug)
    return medicine(drug, daily_mg=mg, ref=f"MedicationRequest/list-{drug}-{mg}-{ref}", **rest)._replace(name=name)


COMBINED = {"ingredients": frozenset({"hydrocodone", "acetaminophen"})}

CASES = [
    # ordering_other_gabapentinoid
    other(YES, "the other one is active", PREGABALIN, medicine("gabapentin")),
    other(YES, "the other one is drafted", PREGABALIN, draft("gabapentin", selected=False)),
    other(YES, "both are selected", PREGABALIN, GABAPENTIN),
    other(YES, "read, although others were not", PREGABALIN, medicine("gabapentin"), UNREAD),
    other(NO, "a renewal", GABAPENTIN, medicine("gabapentin")),
    other(NO, "two strengths", GABAPENTIN, draft("gabapentin", ref="MedicationRequest/other")),
    other(NO, "the other one was completed", PREGABALIN, medicine("gabapentin", end=3, status="completed")),
    other(
        NO, "both are active, another medicine is selected", draft("oxycodone"), medicine("gabapentin"), medicine("pregabalin")
    ),
    other(NO, "not selected", draft("pregabalin", selected=False), medicine("gabapentin")),
    other(UNKNOWN, "medicines could not be read", PREGABALIN, UNREAD),
    # cns_active_at_least
    three(YES, "three ingredients", GABAPENTIN, medicine("sertraline"), medicine("zolpidem")),
    three(YES, "one of them is drafted", GABAPENTIN, medicine("sertraline"), draft("lorazepam", selected=False)),
    three(YES, "read, although others were not", GABAPENTIN, medicine("sertraline"), medicine("zolpidem"), UNREAD),
    three(YES, "a combination of two counts twice", medicine("oxycodone", ingredients=frozenset({"a", "b"})), GABAPENTIN),
    three(NO, "two ingredients", GABAPENTIN, medicine("sertraline")),
    three(NO, "two strengths count once", GABAPENTIN, medicine("gabapentin"), medicine("sertraline")),
    three(NO, "acetaminophen beside an opioid does not count", medicine("hydrocodone", **COMBINED), GABAPENTIN),
    three(NO, "one that was stopped", GABAPENTIN, medicine("sertraline"), medicine("zolpidem", status="stopped")),
    three(
        YES,
        "without an ingredient the name counts",
        GABAPENTIN,
        medicine("sertraline"),
        listed("oxycodone", 5, ingredients=frozenset()),
    ),
    three(UNKNOWN, "two, and medicines could not be read", GABAPENTIN, medicine("sertraline"), UNREAD),
    # opioid_dose_at_least
    mme(YES, "morphine 50", order("morphine", 50)),
    mme(NO, "morphine 49.9", order("morphine", 49.9)),
    mme(YES, "tramadol 250 is worth 50", order("tramadol", 250)),
    mme(NO, "tramadol 249 is worth 49.8", order("tramadol", 249)),
    mme(YES, "what is taken counts", listed("morphine", 60)),
    mme(NO, "a renewal is not added", listed("morphine", 30), order("morphine", 30)),
    mme(YES, "the higher of both counts", listed("morphine", 30), order("morphine", 60)),
    mme(YES, "the higher of both is the one on the list", listed("morphine", 60), order("morphine", 30)),
    mme(YES, "drafts of one ingredient are added", order("morphine", 25, "a"), order("morphine", 25, "b")),
    mme(NO, "two entries of one name on the list are renewals", listed("morphine", 30, "a"), listed("morphine", 30, "b")),
    mme(
        YES,
        "two products on the list are added",
        listed("morphine", 30),
        listed("morphine", 30, name="morphine extended release"),
    ),
    mme(YES, "two ingredients are added", listed("morphine", 30), order("oxycodone", 20)),
    mme(YES, "a fentanyl patch of 25 micrograms an hour", order("fentanyl", None, mcg_per_hour=25)),
    mme(NO, "a fentanyl patch of 12 micrograms an hour", order("fentanyl", None, mcg_per_hour=12)),
    mme(NO, "buprenorphine is left out", order("buprenorphine", None)),
    mme(NO, "the opioid of a combination", order("hydrocodone", 40, **COMBINED)),
    mme(NO, "none"),
    mme(YES, "enough is known, although one dose is not", order("morphine", 50), order("oxycodone", None)),
    mme(YES, "enough is known, although medicines could not be read", order("morphine", 50), UNREAD),
    mme(UNKNOWN, "a dose that cannot be computed", order("oxycodone", None)),
    mme(UNKNOWN, "an opioid without a factor", order("meperidine", 100)),
    mme(UNKNOWN, "fentanyl that is no patch", order("fentanyl", 0.4)),
    mme(UNKNOWN, "one dose is too low, the other cannot be computed", order("morphine", 20), order("oxycodone", None)),
    mme(UNKNOWN, "medicines could not be read", order("morphine", 20), UNREAD),
    # overdose_risk
    risk(YES, "a benzodiazepine is active", medicine("lorazepam")),
    risk(YES, "a gabapentinoid is drafted", draft("gabapentin", selected=False)),
    risk(YES, "sleep apnoea or lung disease", problem("respiratory-depression-risk")),
    risk(NO, "a lung disease that is over", problem("respiratory-depression-risk", current=NO)),
    risk(YES, "misuse in the past", problem("drug-misuse", current=NO)),
    risk(YES, "65 today", age=SIXTY_FIVE),
    risk(NO, "65 tomorrow", age=SIXTY_FOUR),
    risk(YES, "50 mg morphine a day", ordered=order("morphine", 50)),
    risk(NO, "49.9 mg morphine a day", ordered=order("morphine", 49.9)),
    risk(NO, "a benzodiazepine completed yesterday", medicine("lorazepam", end=1, status="completed")),
    risk(YES, "a dose that cannot be computed, and another risk", medicine("lorazepam"), ordered=order("oxycodone", None)),
    risk(UNKNOWN, "a dose that cannot be computed", ordered=order("oxycodone", None)),
    risk(UNKNOWN, "no date of birth", age=person(None)),
    risk(UNKNOWN, "medicines could not be read", UNREAD),
    risk(UNKNOWN, "the problem list could not be read", gap("problems")),
]


@pytest.mark.parametrize("one", CASES, ids=label)
def test_sedation(one: Case) -> None:
    assert one.ask().answer is one.answer


def test_a_part_of_the_dose_is_called_so() -> None:
    partly = mme(YES, "", order("morphine", 60), order("oxycodone", None))
    assert partly.ask().because == "opioids of 60 mg morphine a day or more"


def test_the_risks_that_were_found_are_told() -> None:
    found = chart(draft("oxycodone", daily_mg=40), SIXTY_FIVE, medicine("lorazepam"))
    assert overdose_risks_found(found) == ""
    overdose_risk(found, OPIOID_FACTORS)
    assert overdose_risks_found(found) == "with lorazepam; age 65; opioids of 60 mg morphine a day"
    nothing = chart(FORTY, draft("morphine"))
    overdose_risk(nothing, OPIOID_FACTORS)
    assert overdose_risks_found(nothing) == ""


def test_the_medicines_that_count_are_named_once() -> None:
    parts = (GABAPENTIN, medicine("sertraline"), medicine("gabapentin"), medicine("ibuprofen"))
    assert cns_active_counted(chart(*parts)) == "sertraline, gabapentin"
    assert gabapentinoids_present(chart(*parts, PREGABALIN)) == "gabapentin, pregabalin"
