"""Orders in pregnancy: what is recorded, how far it is, and when nobody asked (encodings, section 3)."""

from __future__ import annotations

from typing import Any

import pytest
from charts import NO, UNKNOWN, YES, Case, ago, case, chart, draft, gap, label, person, problem, reading, service, treatment, year

from cds_service.pathway.answers import Answer
from cds_service.pathway.pregnancy_orders import gestation_recorded, orders_with_pregnancy_risk

WOMAN = person("1996-01-01")
XRAY = service("xray-hip-pelvis", "pelvic-radiation", "risk-in-pregnancy")
PREGABALIN = draft("pregabalin")


def status(says: str, days: int) -> Any:
    return reading("pregnancy-status", days=days, meaning=(says,), ref=f"Observation/{says}-{days}")


def due(days: int, stated: int = 3) -> Any:
    """A delivery date so many days from today."""
    return reading("delivery-date", days=stated, on=ago(-days), ref=f"Observation/due-{days}")


def weeks(value: float, days: int = 0, unit: str | None = "wk") -> Any:
    return reading("gestational-age", value=value, days=days, unit=unit)


def twenty(answer: Answer, name: str, *parts: object) -> Case:
    return case("gestation_not_known_below", answer, name, *parts, weeks=20)


def asked(answer: Answer, name: str, *parts: object, who: object = WOMAN) -> Case:
    return case("signing_without_pregnancy_status", answer, name, who, *parts)


CASES = [
    # pregnancy_recorded
    case("pregnancy_recorded", YES, "stated", WOMAN, status("pregnant", 10)),
    case("pregnancy_recorded", NO, "denied", WOMAN, status("not-pregnant", 10)),
    case("pregnancy_recorded", NO, "nobody asked", WOMAN),
    case("pregnancy_recorded", NO, "results could not be read", WOMAN, gap("readings")),
    # gestation_not_known_below
    twenty(YES, "delivery in 140 days", due(140)),
    twenty(NO, "delivery in 141 days", due(141)),
    twenty(YES, "20 weeks stated today", weeks(20)),
    twenty(NO, "19.9 weeks stated today", weeks(19.9)),
    twenty(YES, "18 weeks stated 14 days ago", weeks(18, 14)),
    twenty(NO, "17.9 weeks stated 14 days ago", weeks(17.9, 14)),
    twenty(YES, "10 weeks stated 15 days ago are too old", weeks(10, 15)),
    twenty(NO, "139 days", weeks(139, unit="d")),
    twenty(YES, "a number without a unit is not understood", weeks(10, unit=None)),
    twenty(YES, "the longer of two counts", weeks(10), due(140)),
    twenty(NO, "the newest delivery date counts", due(140, stated=20), due(200, stated=3)),
    twenty(YES, "a delivery date of years ago is of another pregnancy", due(-700)),
    twenty(YES, "a delivery date of last week", due(-7)),
    twenty(YES, "nothing is recorded"),
    twenty(YES, "results could not be read", gap("readings")),
    twenty(YES, "shorter, but not all results could be read", due(141), gap("readings")),
    # ordering_analgesic
    *(case("ordering_analgesic", YES, drug, draft(drug)) for drug in ("ibuprofen", "oxycodone")),
    *(case("ordering_analgesic", NO, drug, draft(drug)) for drug in ("gabapentin", "duloxetine")),
    case("ordering_analgesic", NO, "not selected", draft("ibuprofen", selected=False)),
    # signing_without_pregnancy_status
    *(asked(YES, drug, draft(drug)) for drug in ("pregabalin", "ibuprofen", "botulinum toxin")),
    asked(YES, "an X-ray of the pelvis", XRAY),
    asked(NO, "another medicine", draft("duloxetine")),
    asked(NO, "not selected", draft("pregabalin", selected=False)),
    asked(NO, "a man", PREGABALIN, who=person("1996-01-01", "male")),
    asked(YES, "sex is not recorded", PREGABALIN, who=person("1996-01-01", None)),
    asked(YES, "12 today", PREGABALIN, who=person("2014-03-02")),
    asked(NO, "12 tomorrow", PREGABALIN, who=person("2014-03-03")),
    asked(YES, "56 tomorrow", PREGABALIN, who=person("1970-03-03")),
    asked(NO, "56 today", PREGABALIN, who=person("1970-03-02")),
    asked(NO, "a pregnancy is recorded", PREGABALIN, status("pregnant", 10)),
    asked(NO, "denied 90 days ago, a medicine", PREGABALIN, status("not-pregnant", 90)),
    asked(YES, "denied 91 days ago, a medicine", PREGABALIN, status("not-pregnant", 91)),
    asked(NO, "denied 30 days ago, an X-ray", XRAY, status("not-pregnant", 30)),
    asked(YES, "denied 31 days ago, an X-ray", XRAY, status("not-pregnant", 31)),
    asked(YES, "denied 31 days ago, both", PREGABALIN, XRAY, status("not-pregnant", 31)),
    asked(NO, "menopause or sterilisation", PREGABALIN, problem("cannot-be-pregnant")),
    asked(NO, "hysterectomy was done", XRAY, treatment("cannot-be-pregnant", days=4000)),
    asked(UNKNOWN, "no date of birth", PREGABALIN, who=person(None)),
    asked(UNKNOWN, "55 or 56", PREGABALIN, who=person(year(1970))),
    *(
        asked(UNKNOWN, f"{section} could not be read", PREGABALIN, gap(section))
        for section in ("readings", "problems", "treatments")
    ),
    asked(NO, "denied, although procedures could not be read", PREGABALIN, status("not-pregnant", 10), gap("treatments")),
]


@pytest.mark.parametrize("one", CASES, ids=label)
def test_pregnancy_orders(one: Case) -> None:
    assert one.ask().answer is one.answer


def test_the_length_of_the_pregnancy_is_told() -> None:
    assert gestation_recorded(chart(due(100))) == "25 weeks"
    assert gestation_recorded(chart()) == "not recorded"
    assert gestation_recorded(chart(gap("readings"))) == "could not be read"


def test_the_orders_of_concern_are_named() -> None:
    assert orders_with_pregnancy_risk(chart(PREGABALIN, draft("lisinopril"), XRAY)) == "pregabalin, xray hip pelvis"
