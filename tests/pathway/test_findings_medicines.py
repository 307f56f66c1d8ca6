"""The medicines of today and the pairs that harm (encodings, section 6; pathway C.1, Renewals)."""

from __future__ import annotations

import pytest
from charts import NO, UNKNOWN, YES, Case, allergy, case, chart, draft, gap, label, medicine

from cds_service.pathway.answers import Answer
from cds_service.pathway.medicines import opioid_and_benzodiazepine, opioid_and_gabapentinoid

OPIOIDS, GABAPENTINOIDS, BENZODIAZEPINES = "opioids", "gabapentinoids", "benzodiazepines"
UNREAD = gap("medicines")
OXYCODONE, GABAPENTIN = draft("oxycodone"), medicine("gabapentin", start=20)
ONCE = {"single_dose": True, "inpatient": True}


def completed(ingredient: str, ended: int | None, start: int = 40) -> object:
    return medicine(ingredient, start=start, end=ended, status="completed")


def pair(answer: Answer, name: str, *parts: object) -> Case:
    return case("ordering_pair", answer, name, *parts, one=OPIOIDS, other=GABAPENTINOIDS)


CASES = [
    # taking
    case("taking", YES, "active", GABAPENTIN, medicines=GABAPENTINOIDS),
    case("taking", YES, "last ordered two years ago, still active", medicine("gabapentin", start=730), medicines=GABAPENTINOIDS),
    case("taking", YES, "read, although others were not", GABAPENTIN, UNREAD, medicines=GABAPENTINOIDS),
    *(
        case("taking", NO, f"{status}", medicine("gabapentin", start=20, status=status), medicines=GABAPENTINOIDS)
        for status in ("stopped", "on-hold", "cancelled", "completed", "entered-in-error")
    ),
    case("taking", NO, "another class", medicine("sertraline"), medicines=GABAPENTINOIDS),
    case("taking", NO, "only drafted", draft("gabapentin"), medicines=GABAPENTINOIDS),
    case("taking", UNKNOWN, "medicines could not be read", UNREAD, medicines=GABAPENTINOIDS),
    # taking_or_drafted
    case("taking_or_drafted", YES, "active", GABAPENTIN, medicines=GABAPENTINOIDS),
    case("taking_or_drafted", YES, "drafted, selected or not", draft("gabapentin", selected=False), medicines=GABAPENTINOIDS),
    case("taking_or_drafted", NO, "neither", OXYCODONE, medicines=GABAPENTINOIDS),
    case("taking_or_drafted", UNKNOWN, "medicines could not be read", OXYCODONE, UNREAD, medicines=GABAPENTINOIDS),
    # ordering_pair
    pair(YES, "an opioid is selected, a gabapentinoid is active", OXYCODONE, GABAPENTIN),
    pair(YES, "a gabapentinoid is selected, an opioid is active", draft("gabapentin"), medicine("oxycodone", start=5)),
    pair(YES, "both are drafted, one is selected", OXYCODONE, draft("gabapentin", selected=False)),
    pair(YES, "completed 14 days ago still counts", OXYCODONE, completed("gabapentin", 14)),
    pair(YES, "completed with a supply that lasts beyond today", OXYCODONE, completed("gabapentin", -20, start=10)),
    pair(YES, "buprenorphine counts as an opioid", draft("buprenorphine"), GABAPENTIN),
    pair(YES, "an opioid cough syrup counts", draft("codeine cough syrup"), GABAPENTIN),
    pair(YES, "read, although others were not", OXYCODONE, GABAPENTIN, UNREAD),
    pair(YES, "completed without an end, begun 14 days ago", OXYCODONE, completed("gabapentin", None, start=14)),
    pair(NO, "completed without an end, begun 15 days ago", OXYCODONE, completed("gabapentin", None, start=15)),
    pair(NO, "completed 15 days ago", OXYCODONE, completed("gabapentin", 15)),
    pair(NO, "stopped", OXYCODONE, medicine("gabapentin", start=20, status="stopped")),
    pair(NO, "on hold", OXYCODONE, medicine("gabapentin", start=20, status="on-hold")),
    pair(NO, "both are active and neither is selected", medicine("oxycodone"), GABAPENTIN),
    pair(NO, "both are drafted and neither is selected", draft("oxycodone", selected=False), draft("gabapentin", selected=False)),
    pair(NO, "two opioids are no such pair", OXYCODONE, medicine("tramadol")),
    pair(NO, "a draft that says not to give it orders nothing", draft("oxycodone", do_not_give=True), GABAPENTIN),
    pair(NO, "neither is selected and medicines could not be read", UNREAD),
    pair(UNKNOWN, "an opioid is selected and medicines could not be read", OXYCODONE, UNREAD),
    # single_dose_sedation
    case("single_dose_sedation", YES, "one dose inside an encounter", draft("midazolam", **ONCE)),
    case("single_dose_sedation", NO, "one dose to take home", draft("midazolam", single_dose=True)),
    case("single_dose_sedation", NO, "repeated doses inside an encounter", draft("midazolam", inpatient=True)),
    case("single_dose_sedation", NO, "another benzodiazepine is taken", draft("midazolam", **ONCE), medicine("lorazepam")),
    case("single_dose_sedation", NO, "none", OXYCODONE),
    case("single_dose_sedation", UNKNOWN, "none was read and others were not", OXYCODONE, UNREAD),
    case("single_dose_sedation", UNKNOWN, "another benzodiazepine may be taken", draft("midazolam", **ONCE), UNREAD),
    # third_cns_depressant
    *(
        case("third_cns_depressant", YES, f"{drug} is active", OXYCODONE, GABAPENTIN, medicine(drug))
        for drug in ("lorazepam", "zolpidem", "baclofen")
    ),
    case("third_cns_depressant", YES, "one is drafted", OXYCODONE, draft("lorazepam", selected=False)),
    case("third_cns_depressant", NO, "the pair itself", OXYCODONE, GABAPENTIN),
    case("third_cns_depressant", NO, "one that was stopped", OXYCODONE, medicine("lorazepam", status="stopped")),
    case("third_cns_depressant", UNKNOWN, "medicines could not be read", OXYCODONE, UNREAD),
    # rescue_naloxone_available
    case("rescue_naloxone_available", YES, "active", medicine("naloxone")),
    case("rescue_naloxone_available", YES, "drafted", draft("naloxone")),
    case("rescue_naloxone_available", YES, "ordered 730 days ago", medicine("naloxone", start=730, status="completed")),
    case("rescue_naloxone_available", YES, "dispensed 730 days ago", medicine("naloxone", start=730, status="dispensed")),
    case("rescue_naloxone_available", NO, "ordered 731 days ago", medicine("naloxone", start=731, status="completed")),
    case("rescue_naloxone_available", NO, "cancelled", medicine("naloxone", start=3, status="cancelled")),
    case("rescue_naloxone_available", NO, "not taken", medicine("naloxone", start=3, status="not-taken")),
    case("rescue_naloxone_available", NO, "none", OXYCODONE),
    case("rescue_naloxone_available", UNKNOWN, "medicines could not be read", UNREAD),
    # allergic_to
    case("allergic_to", YES, "an allergy to one agent of the class", allergy("gabapentin"), medicines=GABAPENTINOIDS),
    case("allergic_to", NO, "an allergy to another class", allergy("duloxetine"), medicines=GABAPENTINOIDS),
    case("allergic_to", NO, "none recorded", medicines=GABAPENTINOIDS),
    case("allergic_to", UNKNOWN, "allergies could not be read", gap("allergies"), medicines=GABAPENTINOIDS),
    # renewing
    case("renewing", YES, "the ingredient is taken already", OXYCODONE, medicine("oxycodone", start=20), medicines=OPIOIDS),
    case(
        "renewing",
        YES,
        "long-term, the last record is completed",
        OXYCODONE,
        [completed("oxycodone", 100 - 30 * n, start=130 - 30 * n) for n in range(4)],
        medicines=OPIOIDS,
    ),
    case(
        "renewing",
        YES,
        "without an ingredient the name is compared",
        draft("oxycodone", ingredients=frozenset()),
        medicine("oxycodone", start=20, ingredients=frozenset()),
        medicines=OPIOIDS,
    ),
    case("renewing", NO, "another ingredient of the class", OXYCODONE, medicine("tramadol"), medicines=OPIOIDS),
    case(
        "renewing",
        NO,
        "stopped long ago",
        OXYCODONE,
        medicine("oxycodone", start=400, end=300, status="stopped"),
        medicines=OPIOIDS,
    ),
    case("renewing", NO, "nothing is selected", medicine("oxycodone"), medicines=OPIOIDS),
    case("renewing", UNKNOWN, "medicines could not be read", OXYCODONE, UNREAD, medicines=OPIOIDS),
]


@pytest.mark.parametrize("one", CASES, ids=label)
def test_medicines(one: Case) -> None:
    assert one.ask().answer is one.answer


def test_either_of_the_pair_may_be_named_first() -> None:
    turned = case("ordering_pair", YES, "", OXYCODONE, GABAPENTIN, one=GABAPENTINOIDS, other=OPIOIDS).ask()
    assert turned.answer is YES
    assert set(turned.resources) == {OXYCODONE.ref, GABAPENTIN.ref}


def test_an_old_order_is_called_old() -> None:
    old = chart(OXYCODONE, medicine("gabapentin", start=366))
    assert "last ordered 2025-03-01: check that it is still taken" in opioid_and_gabapentinoid(old)
    assert "last ordered" not in opioid_and_gabapentinoid(chart(OXYCODONE, medicine("gabapentin", start=365)))


def test_one_that_was_just_completed_is_called_so() -> None:
    assert opioid_and_gabapentinoid(chart(OXYCODONE, completed("gabapentin", 3))) == (
        "oxycodone with gabapentin (completed 2026-02-27)"
    )
    assert opioid_and_gabapentinoid(chart(OXYCODONE, completed("gabapentin", None, start=3))) == (
        "oxycodone with gabapentin (completed, no end recorded)"
    )


def test_seven_entries_of_one_medicine_are_named_once() -> None:
    seven = [medicine("lorazepam", start=n, ref=f"MedicationRequest/{n}") for n in range(1, 8)]
    assert opioid_and_benzodiazepine(chart(OXYCODONE, seven)) == "oxycodone with lorazepam"


def test_without_a_pair_nothing_is_said() -> None:
    assert opioid_and_benzodiazepine(chart(OXYCODONE)) == ""
