"""The risks of tricyclics and SNRIs, and tramadol beside them (pathway specification, tca-safety and snri-safety)."""

from __future__ import annotations

import pytest
from charts import (
    NO,
    UNKNOWN,
    YES,
    Case,
    case,
    chart,
    draft,
    egfr,
    gap,
    label,
    medicine,
    person,
    pressure,
    problem,
    qtc,
    sodium,
    year,
)

from cds_service.pathway.answers import Answer
from cds_service.pathway.antidepressant_risks import ecg_reminder, snri_risks_found, tricyclic_risks_found

FORTY = person("1986-01-01")
TWENTY_FIVE, TWENTY_FOUR = person("2001-03-02"), person("2001-03-03")
SIXTY_FIVE, SIXTY_FOUR = person("1961-03-02"), person("1961-03-03")
UNREAD = gap("medicines")


def tricyclic(
    answer: Answer, name: str, *parts: object, age: object = FORTY, mg: float | None = 10, drug: str = "nortriptyline"
) -> Case:
    return case("tricyclic_risk", answer, name, draft(drug, daily_mg=mg), age, *parts)


def snri(
    answer: Answer, name: str, *parts: object, age: object = FORTY, kidney: object = egfr(90), drug: str = "duloxetine"
) -> Case:
    return case("snri_risk", answer, name, draft(drug), age, kidney, *parts)


def start(answer: Answer, name: str, *parts: object) -> Case:
    return case("tricyclic_above_start_dose", answer, name, *parts)


def tramadol(answer: Answer, name: str, *parts: object) -> Case:
    return case("ordering_tramadol_with", answer, name, *parts, medicines="tricyclics")


CASES = [
    # tricyclic_risk
    tricyclic(YES, "65 today", age=SIXTY_FIVE),
    tricyclic(NO, "65 tomorrow", age=SIXTY_FOUR),
    tricyclic(YES, "25 tomorrow", age=TWENTY_FOUR),
    tricyclic(NO, "25 today", age=TWENTY_FIVE),
    *(
        tricyclic(YES, f"{name}", problem(name))
        for name in ("conduction-risk", "angle-closure-glaucoma", "urinary-retention", "seizure-disorder", "suicidality")
    ),
    tricyclic(NO, "a glaucoma that is over", problem("angle-closure-glaucoma", current=NO)),
    tricyclic(YES, "an infarction that is over, 180 days ago", problem("recent-infarction-codes", began=180, current=NO)),
    tricyclic(NO, "an infarction that is over, 181 days ago", problem("recent-infarction-codes", began=181, current=NO)),
    tricyclic(YES, "QTc of 500 ms", qtc(500)),
    tricyclic(NO, "QTc of 499 ms", qtc(499)),
    *(tricyclic(YES, f"beside {drug}", medicine(drug)) for drug in ("sertraline", "duloxetine", "phenelzine")),
    tricyclic(YES, "beside a drafted SNRI", draft("venlafaxine", selected=False)),
    tricyclic(NO, "beside an SSRI that was stopped", medicine("sertraline", status="stopped")),
    tricyclic(YES, "101 mg a day", mg=101),
    tricyclic(NO, "100 mg a day", mg=100),
    case(
        "tricyclic_risk",
        YES,
        "two drafts of 60 mg are added",
        FORTY,
        draft("amitriptyline", daily_mg=60, ref="MedicationRequest/a"),
        draft("amitriptyline", daily_mg=60, ref="MedicationRequest/b"),
    ),
    case("tricyclic_risk", NO, "a tricyclic that is not selected", SIXTY_FIVE, draft("nortriptyline", selected=False)),
    case("tricyclic_risk", NO, "another medicine", SIXTY_FIVE, draft("gabapentin")),
    case("tricyclic_risk", YES, "tramadol, a tricyclic is active", FORTY, draft("tramadol"), medicine("amitriptyline")),
    case("tricyclic_risk", YES, "tramadol, a tricyclic is drafted", draft("tramadol"), draft("amitriptyline", selected=False)),
    case("tricyclic_risk", NO, "tapentadol, a tricyclic is active", FORTY, draft("tapentadol"), medicine("amitriptyline")),
    case("tricyclic_risk", NO, "tramadol alone", SIXTY_FIVE, draft("tramadol")),
    case("tricyclic_risk", UNKNOWN, "tramadol, medicines could not be read", draft("tramadol"), UNREAD),
    tricyclic(UNKNOWN, "no date of birth", age=person(None)),
    tricyclic(YES, "no date of birth, and another risk", problem("suicidality"), age=person(None)),
    tricyclic(UNKNOWN, "64 or 65", age=person(year(1961))),
    tricyclic(UNKNOWN, "a dose that cannot be computed", mg=None),
    tricyclic(UNKNOWN, "medicines could not be read", UNREAD),
    tricyclic(UNKNOWN, "the problem list could not be read", gap("problems")),
    tricyclic(UNKNOWN, "results could not be read", gap("readings")),
    tricyclic(UNKNOWN, "an infarction that is over, without a date", problem("recent-infarction-codes", current=NO)),
    # tricyclic_above_start_dose
    start(YES, "amitriptyline", draft("amitriptyline", daily_mg=10)),
    start(YES, "nortriptyline 11 mg", draft("nortriptyline", daily_mg=11)),
    start(YES, "nortriptyline, dose not clear", draft("nortriptyline")),
    start(NO, "nortriptyline 10 mg", draft("nortriptyline", daily_mg=10)),
    start(NO, "none is selected", draft("amitriptyline", selected=False)),
    # ordering_tramadol_with
    tramadol(YES, "a tricyclic is active", draft("tramadol"), medicine("nortriptyline")),
    tramadol(YES, "a tricyclic is drafted", draft("tramadol"), draft("nortriptyline", selected=False)),
    tramadol(NO, "an SNRI is active", draft("tramadol"), medicine("duloxetine")),
    tramadol(NO, "tapentadol is selected", draft("tapentadol"), medicine("nortriptyline")),
    tramadol(NO, "tramadol is not selected", draft("tramadol", selected=False), medicine("nortriptyline")),
    tramadol(UNKNOWN, "medicines could not be read", draft("tramadol"), UNREAD),
    # snri_risk
    snri(YES, "25 tomorrow", age=TWENTY_FOUR),
    snri(NO, "25 today", age=TWENTY_FIVE),
    snri(NO, "90 years", age=person("1936-01-01")),
    snri(YES, "duloxetine, kidney function of 29.9", kidney=egfr(29.9)),
    snri(NO, "duloxetine, kidney function of 30", kidney=egfr(30)),
    snri(NO, "venlafaxine, kidney function of 20", kidney=egfr(20), drug="venlafaxine"),
    snri(NO, "venlafaxine, no kidney result", kidney=[], drug="venlafaxine"),
    *(
        snri(YES, f"{name}", problem(name))
        for name in ("hepatic-impairment", "heavy-alcohol-use", "angle-closure-glaucoma", "suicidality")
    ),
    snri(NO, "liver disease that is over", problem("hepatic-impairment", current=NO)),
    *(
        snri(YES, f"beside {drug}", medicine(drug))
        for drug in ("phenelzine", "amitriptyline", "sertraline", "sumatriptan", "tramadol", "warfarin", "ibuprofen")
    ),
    snri(YES, "beside drafted tramadol", draft("tramadol", selected=False)),
    snri(NO, "beside tapentadol", medicine("tapentadol")),
    snri(NO, "beside the same SNRI, which is renewed", medicine("duloxetine")),
    snri(YES, "blood pressure 160/80", pressure(160, 80)),
    snri(YES, "blood pressure 120/100", pressure(120, 100)),
    snri(NO, "blood pressure 159/99", pressure(159, 99)),
    snri(YES, "blood pressure 160 without a lower value", pressure(160, None)),
    snri(NO, "blood pressure 160/80, 366 days ago", pressure(160, 80, 366)),
    snri(NO, "the newest blood pressure counts", pressure(170, 90, 20), pressure(120, 80, 10)),
    snri(YES, "sodium of 129.9", sodium(129.9)),
    snri(YES, "sodium of 129 mEq/L", sodium(129, "meq/L")),
    snri(YES, 'sodium of "<130"', sodium(130, comparator="<")),
    snri(NO, 'sodium of ">120"', sodium(120, comparator=">")),
    snri(NO, "sodium of 130", sodium(130)),
    snri(NO, "sodium of 120, 366 days ago", sodium(120, days=366)),
    snri(NO, "sodium without a unit", sodium(120, None)),
    snri(NO, "the newest sodium counts", sodium(120, days=20), sodium(140, days=10)),
    snri(YES, "of one day the lowest sodium counts", sodium(120), sodium(140)),
    case("snri_risk", YES, "tramadol, an SNRI is active", FORTY, draft("tramadol"), medicine("duloxetine")),
    case("snri_risk", NO, "tramadol alone", TWENTY_FOUR, draft("tramadol")),
    case("snri_risk", NO, "an SNRI that is not selected", TWENTY_FOUR, draft("duloxetine", selected=False)),
    snri(UNKNOWN, "duloxetine, no kidney result", kidney=[]),
    snri(UNKNOWN, "no date of birth", age=person(None)),
    snri(UNKNOWN, "medicines could not be read", UNREAD),
    snri(YES, "medicines could not be read, and a risk is known", UNREAD, problem("hepatic-impairment")),
    snri(UNKNOWN, "the problem list could not be read", gap("problems")),
    snri(UNKNOWN, "results could not be read", gap("readings"), drug="venlafaxine"),
]


@pytest.mark.parametrize("one", CASES, ids=label)
def test_antidepressant_risks(one: Case) -> None:
    assert one.ask().answer is one.answer


def test_all_risks_are_told() -> None:
    said = tricyclic_risks_found(chart(draft("amitriptyline", daily_mg=150), SIXTY_FIVE, medicine("sertraline"), qtc(510)))
    for words in ("age 65", "with sertraline", "QTc 510 ms", "150 mg a day"):
        assert words in said
    said = snri_risks_found(chart(draft("duloxetine"), egfr(20), medicine("tramadol"), pressure(170, 90), sodium(125)))
    for words in ("eGFR 20", "with tramadol", "blood pressure 170/90 mmHg", "sodium 125 mmol/L"):
        assert words in said


def test_heart_disease_is_told_once() -> None:
    said = tricyclic_risks_found(
        chart(draft("nortriptyline", daily_mg=10), FORTY, problem("conduction-risk", "recent-infarction-codes", began=9))
    )
    assert said == "recorded: conduction risk"


def test_without_a_known_risk_nothing_is_told() -> None:
    assert tricyclic_risks_found(chart(draft("nortriptyline"), person(None))) == ""
    assert snri_risks_found(chart(draft("duloxetine"), FORTY)) == ""


def test_an_ecg_is_asked_for_from_40_on_without_a_qtc() -> None:
    forty, thirty_nine = person("1986-03-02"), person("1986-03-03")
    assert ecg_reminder(chart(forty)) == "No QTc of the last 365 days is recorded: ECG first at 40 or older."
    assert ecg_reminder(chart(forty, qtc(430, 366))) != ""
    assert ecg_reminder(chart(forty, gap("readings"))).startswith("The ECG results could not be read")
    for parts in ((thirty_nine,), (person(None),), (forty, qtc(430, 365))):
        assert ecg_reminder(chart(*parts)) == ""
