"""What is being ordered, for what reason and at what dose (encodings, section 8; pathway C.4)."""

from __future__ import annotations

import pytest
from charts import (
    GABAPENTINOID_LIMITS,
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
    reason,
    year,
)

from cds_service.pathway.answers import Answer
from cds_service.pathway.kidney_dose import extended_release_selected, ordered_dose
from cds_service.pathway.ordering import selected_medicines

LIMITS = {"limits": GABAPENTINOID_LIMITS}
OPIOID_ANALGESICS = "opioid-analgesics"
USE_DISORDER = problem("opioid-use-disorder")
UNREAD = gap("medicines")
SURGERY, SCIATICA, PAIN = reason(name="surgery"), reason("sciatica"), reason("general-pain")
FORTY, SIXTY_FIVE, SIXTY_FOUR = person("1986-01-01"), person("1961-03-02"), person("1961-03-03")
NSAID = draft("ibuprofen")


def newly(answer: Answer, name: str, *parts: object) -> Case:
    return case("ordering_newly_not_advised_in_sciatica", answer, name, *parts)


def renally(answer: Answer, name: str, *parts: object) -> Case:
    return case("ordering_renally_dosed_medicine", answer, name, *parts)


def dose(answer: Answer, name: str, mg: float | None, kidney: object, ingredient: str = "gabapentin", **rest: object) -> Case:
    return case("dose_above_kidney_limit", answer, name, draft(ingredient, daily_mg=mg, **rest), kidney, **LIMITS)


def twice(answer: Answer, name: str, mg: float | None, kidney: object) -> Case:
    return case("dose_above_twice_kidney_limit", answer, name, draft("gabapentin", daily_mg=mg), kidney, **LIMITS)


def below(answer: Answer, name: str, *parts: object) -> Case:
    return case("blood_pressure_below", answer, name, *parts, systolic=160, diastolic=100)


def long_qtc(answer: Answer, name: str, *parts: object) -> Case:
    return case("qtc_measured_at_least", answer, name, *parts, milliseconds=500)


CASES = [
    # is_ordering
    case("is_ordering", YES, "the selected draft", draft("oxycodone"), what=OPIOID_ANALGESICS),
    case("is_ordering", YES, "methadone without a use disorder", draft("methadone"), what=OPIOID_ANALGESICS),
    case(
        "is_ordering",
        YES,
        "methadone, and the state of the use disorder is unknown",
        draft("methadone"),
        problem("opioid-use-disorder", current=UNKNOWN),
        what=OPIOID_ANALGESICS,
    ),
    case("is_ordering", NO, "methadone for a use disorder", draft("methadone"), USE_DISORDER, what=OPIOID_ANALGESICS),
    case("is_ordering", YES, "oxycodone beside a use disorder", draft("oxycodone"), USE_DISORDER, what=OPIOID_ANALGESICS),
    case("is_ordering", YES, "methadone is an opioid all the same", draft("methadone"), USE_DISORDER, what="opioids"),
    case("is_ordering", NO, "a draft that is not selected", draft("oxycodone", selected=False), what=OPIOID_ANALGESICS),
    case("is_ordering", NO, "an active medicine", medicine("oxycodone"), what=OPIOID_ANALGESICS),
    case("is_ordering", NO, "a cough syrup is no analgesic", draft("codeine cough syrup"), what=OPIOID_ANALGESICS),
    case("is_ordering", NO, "not to be given", draft("oxycodone", do_not_give=True), what=OPIOID_ANALGESICS),
    # opening_chart_or_ordering
    case("opening_chart_or_ordering", YES, "nothing is ordered yet", what=OPIOID_ANALGESICS),
    case("opening_chart_or_ordering", YES, "an opioid is selected", draft("oxycodone"), what=OPIOID_ANALGESICS),
    case("opening_chart_or_ordering", NO, "another medicine is selected", draft("gabapentin"), what=OPIOID_ANALGESICS),
    case("opening_chart_or_ordering", NO, "drafted, not selected", draft("oxycodone", selected=False), what=OPIOID_ANALGESICS),
    # ordered_for_another_reason
    case(
        "ordered_for_another_reason",
        YES,
        "a coded reason outside the pathway",
        draft("oxycodone", SURGERY),
        what="opioid-analgesics",
    ),
    case(
        "ordered_for_another_reason",
        YES,
        "every medicine has one",
        draft("oxycodone", SURGERY),
        draft("tramadol", SURGERY),
        what="opioid-analgesics",
    ),
    case(
        "ordered_for_another_reason",
        NO,
        "one medicine has none",
        draft("oxycodone", SURGERY),
        draft("tramadol"),
        what="opioid-analgesics",
    ),
    case("ordered_for_another_reason", NO, "a pathway reason", draft("oxycodone", SCIATICA), what="opioid-analgesics"),
    case("ordered_for_another_reason", NO, "general pain", draft("oxycodone", PAIN), what="opioid-analgesics"),
    case(
        "ordered_for_another_reason",
        NO,
        "buttock pain is of the pathway",
        draft("oxycodone", reason("buttock-pain")),
        what="opioid-analgesics",
    ),
    case("ordered_for_another_reason", NO, "no reason", draft("oxycodone"), what="opioid-analgesics"),
    case("ordered_for_another_reason", NO, "nothing is selected", what="opioid-analgesics"),
    case(
        "ordered_for_another_reason",
        NO,
        "an order that is not selected",
        draft("oxycodone", SURGERY, selected=False),
        what="opioid-analgesics",
    ),
    # ordered_for_inpatient
    *(
        case("ordered_for_inpatient", answer, name, *parts, medicines=OPIOID_ANALGESICS)
        for answer, name, parts in [
            (YES, "marked so", [draft("oxycodone", inpatient=True)]),
            (NO, "one is, another is not", [draft("oxycodone", inpatient=True), draft("tramadol")]),
            (NO, "not marked", [draft("oxycodone")]),
            (NO, "another class", [draft("lorazepam", inpatient=True)]),
            (NO, "not selected", [draft("oxycodone", inpatient=True, selected=False)]),
        ]
    ),
    # ordering_newly_not_advised_in_sciatica
    *(newly(YES, f"{drug}, new", draft(drug)) for drug in ("oxycodone", "gabapentin", "lorazepam", "prednisone")),
    newly(YES, "an opioid that was taken for 89 days", draft("oxycodone"), medicine("oxycodone", start=89)),
    newly(YES, "another gabapentinoid than the one taken", draft("pregabalin"), medicine("gabapentin")),
    newly(NO, "an opioid that was taken for 90 days", draft("oxycodone"), medicine("oxycodone", start=90)),
    *(newly(NO, f"{drug} is taken already", draft(drug), medicine(drug)) for drug in ("gabapentin", "lorazepam", "prednisone")),
    newly(NO, "agonist treatment of a use disorder", draft("methadone"), USE_DISORDER),
    newly(NO, "another medicine", draft("duloxetine")),
    newly(NO, "not selected", draft("gabapentin", selected=False)),
    newly(UNKNOWN, "an opioid, medicines could not be read", draft("oxycodone"), UNREAD),
    newly(UNKNOWN, "a gabapentinoid, medicines could not be read", draft("gabapentin"), UNREAD),
    # other_indication_recorded
    case("other_indication_recorded", YES, "a current problem", problem("other-indication-for-nerve-medicines")),
    case(
        "other_indication_recorded",
        YES,
        "the reason of the order",
        draft("gabapentin", reason("other-indication-for-nerve-medicines")),
    ),
    case("other_indication_recorded", NO, "a problem that is over", problem("other-indication-for-nerve-medicines", current=NO)),
    case("other_indication_recorded", NO, "not recorded"),
    case("other_indication_recorded", UNKNOWN, "the problem list could not be read", gap("problems")),
    # ordering_renally_dosed_medicine
    *(renally(YES, f"{drug}", draft(drug)) for drug in ("gabapentin", "pregabalin", "duloxetine", "baclofen")),
    renally(YES, "an oral NSAID at 65", SIXTY_FIVE, NSAID),
    renally(NO, "an oral NSAID at 64 without a risk", SIXTY_FOUR, NSAID),
    renally(YES, "an oral NSAID with a kidney risk", FORTY, NSAID, problem("nsaid-kidney-risks")),
    renally(YES, "an oral NSAID beside an ACE inhibitor", FORTY, NSAID, medicine("lisinopril")),
    renally(YES, "an oral NSAID beside a drafted ACE inhibitor", FORTY, NSAID, draft("lisinopril", selected=False)),
    renally(NO, "another medicine at 65", SIXTY_FIVE, draft("oxycodone")),
    renally(NO, "nothing is selected", SIXTY_FIVE),
    renally(UNKNOWN, "an oral NSAID at an unknown age", person(None), NSAID),
    renally(UNKNOWN, "an oral NSAID at 64 or 65", person(year(1961)), NSAID),
    renally(UNKNOWN, "an oral NSAID, medicines could not be read", FORTY, NSAID, UNREAD),
    renally(UNKNOWN, "an oral NSAID, the problem list could not be read", FORTY, NSAID, gap("problems")),
    # dose_above_kidney_limit
    dose(NO, "3600 at 60", 3600, egfr(60)),
    dose(YES, "3601 at 60", 3601, egfr(60)),
    dose(YES, "1500 at 59.6, never rounded up", 1500, egfr(59.6)),
    dose(NO, "1400 at 59", 1400, egfr(59)),
    dose(YES, "1401 at 30", 1401, egfr(30)),
    dose(NO, "1400 at 30", 1400, egfr(30)),
    dose(YES, "1400 at 29.9", 1400, egfr(29.9)),
    dose(NO, "700 at 15", 700, egfr(15)),
    dose(YES, "700 at 14.9", 700, egfr(14.9)),
    dose(YES, '700 at "<15"', 700, egfr(15, comparator="<")),
    dose(NO, "300 on dialysis", 300, problem("dialysis")),
    dose(YES, "301 on dialysis", 301, problem("dialysis")),
    dose(YES, "1400 with stage 4 and no value", 1400, problem("ckd-stage-4")),
    dose(NO, '3600 at ">60"', 3600, egfr(60, comparator=">")),
    dose(NO, "pregabalin 300 at 45", 300, egfr(45), "pregabalin"),
    dose(YES, "pregabalin 301 at 45", 301, egfr(45), "pregabalin"),
    dose(YES, "pregabalin 151 at 20", 151, egfr(20), "pregabalin"),
    dose(YES, "pregabalin 76 at 10", 76, egfr(10), "pregabalin"),
    dose(YES, "a dose that cannot be computed at 59", None, egfr(59)),
    dose(NO, "a dose that cannot be computed at 60", None, egfr(60)),
    dose(YES, "an extended-release product at 45", 600, egfr(45), extended_release=True),
    dose(NO, "another medicine", 9000, egfr(10), "duloxetine"),
    dose(NO, "a draft that is not selected", 9000, egfr(10), selected=False),
    dose(UNKNOWN, "no kidney result", 9000, []),
    dose(UNKNOWN, "kidney results could not be read", 9000, gap("readings")),
    dose(UNKNOWN, "a good value was read, a newer one may not have been", 1800, [egfr(75), gap("readings")]),
    dose(UNKNOWN, "not computed, a good value was read, a newer one perhaps not", None, [egfr(75), gap("readings")]),
    dose(YES, "too high for what was read", 1800, [egfr(45), gap("readings")]),
    dose(UNKNOWN, "a good value, and dialysis that may be over", 1800, [egfr(75), problem("dialysis", current=UNKNOWN)]),
    dose(NO, "below every ceiling, whatever was not read", 300, [egfr(75), gap("readings")]),
    case(
        "dose_above_kidney_limit",
        YES,
        "two drafts of one ingredient are added",
        draft("gabapentin", daily_mg=800, ref="MedicationRequest/a"),
        draft("gabapentin", daily_mg=800, ref="MedicationRequest/b"),
        egfr(45),
        **LIMITS,
    ),
    # dose_above_twice_kidney_limit
    twice(NO, "at twice the ceiling", 2800, egfr(45)),
    twice(YES, "above twice the ceiling", 2801, egfr(45)),
    twice(NO, "within the ceiling", 300, egfr(45)),
    twice(UNKNOWN, "a dose that cannot be computed", None, egfr(45)),
    twice(UNKNOWN, "no kidney result", 9000, []),
    twice(UNKNOWN, '900 at "<60" may be within the ceiling of 1400', 900, egfr(60, comparator="<")),
    # blood_pressure_below
    below(YES, "159 over 99", pressure(159, 99)),
    below(NO, "160 over 80", pressure(160, 80)),
    below(NO, "120 over 100", pressure(120, 100)),
    below(YES, "365 days ago", pressure(120, 80, 365)),
    below(UNKNOWN, "366 days ago", pressure(120, 80, 366)),
    below(NO, "the newest counts", pressure(120, 80, 20), pressure(170, 80, 10)),
    below(UNKNOWN, "without a lower value", pressure(120, None)),
    below(UNKNOWN, "none"),
    below(UNKNOWN, "results could not be read", gap("readings")),
    below(UNKNOWN, "a newer one may not have been read", pressure(120, 80), gap("readings")),
    below(NO, "a high one stays high although others were not read", pressure(170, 80), gap("readings")),
    below(NO, "two of one day, the higher first", pressure(170, 80), pressure(120, 80)),
    below(NO, "two of one day, the lower first", pressure(120, 80), pressure(170, 80)),
    # qtc_measured_at_least
    long_qtc(YES, "500 ms", qtc(500)),
    long_qtc(NO, "499 ms", qtc(499)),
    long_qtc(YES, "365 days ago", qtc(510, 365)),
    long_qtc(NO, "366 days ago", qtc(510, 366)),
    long_qtc(NO, "the newest counts", qtc(510, 20), qtc(440, 10)),
    long_qtc(YES, "of one day the longest counts", qtc(510, 10), qtc(440, 10)),
    long_qtc(NO, "none"),
    long_qtc(NO, "without a value", qtc(None)),
    long_qtc(UNKNOWN, "results could not be read", gap("readings")),
    long_qtc(UNKNOWN, "a newer and longer one may not have been read", qtc(440), gap("readings")),
    long_qtc(YES, "a long one stays long although others were not read", qtc(510), gap("readings")),
]


@pytest.mark.parametrize("one", CASES, ids=label)
def test_ordering(one: Case) -> None:
    assert one.ask().answer is one.answer


def test_the_dose_is_told_or_called_unclear() -> None:
    assert ordered_dose(chart(draft("gabapentin", daily_mg=900))) == "gabapentin 900 mg a day"
    assert ordered_dose(chart(draft("pregabalin"))) == "pregabalin, daily dose not clear"
    assert ordered_dose(chart(draft("duloxetine", daily_mg=60))) == ""


def test_an_extended_release_product_is_named_as_not_computed() -> None:
    told = extended_release_selected(chart(draft("gabapentin", extended_release=True)))
    assert told == "gabapentin is an extended-release product with its own table: not computed."


def test_selected_medicines_are_named_once() -> None:
    assert (
        selected_medicines(chart(draft("oxycodone"), draft("oxycodone", ref="x"), draft("tramadol", selected=False)))
        == "oxycodone"
    )
