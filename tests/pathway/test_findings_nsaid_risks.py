"""The risks of an NSAID: each alone, its neighbour, and what nobody could tell (pathway specification, nsaid-safety)."""

from __future__ import annotations

import pytest
from charts import NO, UNKNOWN, YES, Case, case, chart, draft, egfr, gap, label, medicine, person, problem

from cds_service.pathway.answers import Answer
from cds_service.pathway.nsaid_risks import nsaid_risks_beside_pregnancy, nsaid_risks_found

FORTY, SIXTY_FOUR, SIXTY_FIVE = person("1986-01-01"), person("1961-03-03"), person("1961-03-02")
NSAID, KIDNEY = draft("ibuprofen"), egfr(90)


def risk(answer: Answer, name: str, *parts: object, age: object = FORTY, kidney: object = KIDNEY) -> Case:
    return case("nsaid_risk", answer, name, NSAID, age, kidney, *parts)


CASES = [
    risk(YES, "65 today", age=SIXTY_FIVE),
    risk(NO, "65 tomorrow", age=SIXTY_FOUR),
    risk(YES, "kidney function of 59.6", kidney=egfr(59.6)),
    risk(NO, "kidney function of 60", kidney=egfr(60)),
    *(
        risk(YES, f"{name}", problem(name))
        for name in (
            "heart-failure",
            "ischemic-heart-disease",
            "stroke",
            "nsaid-bleeding-risk-condition",
            "peptic-ulcer-gi-bleed",
        )
    ),
    risk(YES, "an ulcer of the past", problem("peptic-ulcer-gi-bleed", current=NO)),
    risk(NO, "heart failure that is over", problem("heart-failure", current=NO)),
    *(
        risk(YES, f"beside {drug}", medicine(drug))
        for drug in ("warfarin", "clopidogrel", "sertraline", "duloxetine", "prednisone", "naproxen")
    ),
    risk(YES, "beside a drafted anticoagulant", draft("warfarin", selected=False)),
    risk(YES, "beside a second NSAID in another draft", draft("naproxen", selected=False)),
    risk(NO, "beside the same NSAID, which is renewed", medicine("ibuprofen")),
    risk(NO, "beside two strengths of the same NSAID", draft("ibuprofen", ref="MedicationRequest/other")),
    risk(YES, "an NSAID of another name, ingredients unknown", medicine("naproxen", ingredients=frozenset())),
    risk(YES, "an ACE inhibitor with a diuretic", medicine("lisinopril"), medicine("furosemide")),
    risk(YES, "losartan with a drafted diuretic", medicine("losartan"), draft("furosemide", selected=False)),
    risk(NO, "an ACE inhibitor alone", medicine("lisinopril")),
    risk(NO, "a diuretic alone", medicine("furosemide")),
    risk(NO, "an anticoagulant that was stopped", medicine("warfarin", status="stopped")),
    risk(YES, "read, although others were not", medicine("warfarin"), gap("medicines")),
    case("nsaid_risk", NO, "no NSAID is selected", person("1950-01-01"), egfr(20), draft("oxycodone")),
    case("nsaid_risk", NO, "drafted, not selected", person("1950-01-01"), draft("ibuprofen", selected=False)),
    risk(UNKNOWN, "no date of birth", age=person(None)),
    risk(YES, "no date of birth, and another risk", problem("stroke"), age=person(None)),
    risk(UNKNOWN, "no kidney result", kidney=[]),
    risk(UNKNOWN, "the problem list could not be read", gap("problems")),
    risk(UNKNOWN, "medicines could not be read", gap("medicines")),
    risk(UNKNOWN, "heart failure whose state is not recorded", problem("heart-failure", current=UNKNOWN)),
    risk(UNKNOWN, "an ACE inhibitor, and other medicines could not be read", medicine("lisinopril"), gap("medicines")),
]


@pytest.mark.parametrize("one", CASES, ids=label)
def test_nsaid_risks(one: Case) -> None:
    assert one.ask().answer is one.answer


def test_all_risks_are_told() -> None:
    found = chart(NSAID, SIXTY_FIVE, egfr(45), problem("stroke"), medicine("lisinopril"), medicine("furosemide"))
    said = nsaid_risks_found(found)
    for words in ("age 65", "eGFR 45", "recorded: stroke", "with lisinopril and furosemide"):
        assert words in said
    assert nsaid_risks_beside_pregnancy(found) == f"For the NSAID also: {said}."


def test_without_a_known_risk_nothing_is_told() -> None:
    assert nsaid_risks_found(chart(NSAID, FORTY)) == ""
    assert nsaid_risks_beside_pregnancy(chart(SIXTY_FIVE, draft("oxycodone"))) == ""
