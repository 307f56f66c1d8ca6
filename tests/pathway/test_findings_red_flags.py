"""Red flags: yes or unknown, never no (encodings, section 3)."""

from __future__ import annotations

import pytest
from charts import (
    NO,
    UNKNOWN,
    YES,
    Case,
    case,
    chart,
    contact,
    gap,
    label,
    medicine,
    month,
    person,
    problem,
    reading,
    report,
    treatment,
    year,
)

from cds_service.pathway.answers import Answer
from cds_service.pathway.red_flags import fracture, infection, malignancy, mass_on_nerve
from cds_service.pathway.vocabulary import FINDINGS
from cds_service.pathway.weakness import motor_deficit

FORTY, SIXTY_FIVE = person("1986-01-01"), person("1961-03-02")
ANKLE, KNEE = "exam-strength-ankle-dorsiflexion", "exam-strength-knee-flexion"
SCIATICA = problem("sciatica", began=30)


def strength(value: float, days: int, code: str = ANKLE, sides: tuple[str, ...] = ("left",)) -> object:
    return reading("limb-strength", value=value, days=days, code=code, sides=sides)


def temperature(value: float, unit: str | None = "Cel", days: int = 7) -> object:
    return reading("body-temperature", value=value, unit=unit, days=days)


def crp(value: float, unit: str | None = "mg/L", days: int = 14) -> object:
    return reading("c-reactive-protein", value=value, unit=unit, days=days)


RISK = problem("immunosuppression")
FALL = problem("trauma", began=30)


def flag(answer: Answer, name: str, *parts: object) -> Case:
    return case("red_flag", answer, name, FORTY, *parts)


CASES = [
    # weakness
    flag(YES, "leg weakness 90 days ago", problem("leg-weakness", began=90)),
    flag(UNKNOWN, "leg weakness 91 days ago", problem("leg-weakness", began=91)),
    flag(UNKNOWN, "leg weakness without a date", problem("leg-weakness")),
    flag(UNKNOWN, "leg weakness that is over", problem("leg-weakness", began=3, current=NO)),
    flag(YES, "muscle weakness that names the leg", problem("muscle-weakness", "leg-words", began=3)),
    flag(UNKNOWN, "muscle weakness of no named part", problem("muscle-weakness", began=3)),
    flag(UNKNOWN, "leg weakness with a known other cause", problem("leg-weakness", began=3), problem("other-cause-of-weakness")),
    flag(YES, "strength 3 of 5, 30 days ago", strength(3, 30)),
    flag(UNKNOWN, "strength 3 of 5, 31 days ago", strength(3, 31)),
    flag(UNKNOWN, "strength 4 of 5", strength(4, 3)),
    flag(YES, "one grade less than before", strength(5, 100), strength(4, 30)),
    flag(UNKNOWN, "half a grade less", strength(5, 100), strength(4.5, 3)),
    flag(UNKNOWN, "one grade less than the other side", strength(5, 100, sides=("right",)), strength(4, 3)),
    flag(UNKNOWN, "one grade less than another movement", strength(5, 100, KNEE), strength(4, 3)),
    flag(UNKNOWN, "a better value than before", strength(4, 100), strength(5, 3)),
    flag(UNKNOWN, "strength beyond 5 is no grade", strength(-1, 3)),
    # infection
    flag(YES, "an infection of hip, pelvis or spine", problem("rf-hip-pelvic-infection")),
    flag(UNKNOWN, "an infection that is over", problem("rf-hip-pelvic-infection", current=NO)),
    flag(YES, "38.0 degrees, 7 days ago", temperature(38.0)),
    flag(UNKNOWN, "38.0 degrees, 8 days ago", temperature(38.0, days=8)),
    flag(UNKNOWN, "37.9 degrees", temperature(37.9)),
    flag(YES, "100.4 Fahrenheit", temperature(100.4, "[degF]")),
    flag(UNKNOWN, "100.3 Fahrenheit", temperature(100.3, "[degF]")),
    flag(YES, "CRP 21 with a risk factor, 14 days ago", crp(21), RISK),
    flag(YES, "CRP 2.1 mg/dL with a risk factor", crp(2.1, "mg/dL"), RISK),
    flag(UNKNOWN, "CRP 20 is not above 20", crp(20), RISK),
    flag(UNKNOWN, "CRP 15 days ago", crp(90, days=15), RISK),
    flag(UNKNOWN, "CRP without a risk factor", crp(90)),
    flag(UNKNOWN, "CRP without a unit", crp(90, None), RISK),
    flag(YES, "CRP with injecting drug use", crp(90), problem("injecting-drug-use")),
    flag(YES, "CRP with dialysis", crp(90), problem("dialysis")),
    flag(YES, "CRP with dialysis 90 days ago", crp(90), treatment("dialysis", days=90)),
    flag(UNKNOWN, "CRP with dialysis 91 days ago", crp(90), treatment("dialysis", days=91)),
    flag(YES, "CRP with a hip injection 30 days ago", crp(90), treatment("spinal-or-hip-intervention", days=30)),
    flag(UNKNOWN, "CRP with a hip injection 31 days ago", crp(90), treatment("spinal-or-hip-intervention", days=31)),
    flag(UNKNOWN, "CRP with a risk factor that is over", crp(90), problem("immunosuppression", current=NO)),
    # fracture
    flag(YES, "a stress fracture", problem("stress-fracture")),
    flag(YES, "a suspected hip fracture", problem("rf-hip-pelvic-fracture", suspected=True)),
    flag(UNKNOWN, "a confirmed hip fracture is somebody else's pathway", problem("rf-hip-pelvic-fracture")),
    flag(YES, "unable to bear weight, 14 days ago", problem("unable-to-bear-weight", began=14)),
    flag(UNKNOWN, "unable to bear weight, 15 days ago", problem("unable-to-bear-weight", began=15)),
    flag(YES, "observed unable to bear weight", reading("unable-to-bear-weight", days=14)),
    flag(UNKNOWN, "observed able to bear weight", reading("unable-to-bear-weight", days=14, present=False)),
    case("red_flag", YES, "a fall 30 days ago at 65", SIXTY_FIVE, FALL),
    case("red_flag", UNKNOWN, "a fall 30 days ago at 64", person("1961-03-03"), FALL),
    case("red_flag", UNKNOWN, "a fall 31 days ago at 65", SIXTY_FIVE, problem("trauma", began=31)),
    case("red_flag", YES, "a fall at an age that may be 65", person(year(1961)), FALL),
    case("red_flag", YES, "a fall at an unknown age", person(None), FALL),
    flag(YES, "a fall with osteoporosis", FALL, problem("osteoporosis")),
    flag(
        YES,
        "a fall as the reason of an encounter",
        contact("other", days=30, reasons=frozenset({"trauma"})),
        problem("osteoporosis"),
    ),
    flag(YES, "an observed fall", reading("trauma", days=30), problem("osteoporosis")),
    flag(UNKNOWN, "an observed fall 31 days ago", reading("trauma", days=31), problem("osteoporosis")),
    flag(UNKNOWN, "observed that there was no fall", reading("trauma", days=3, present=False), problem("osteoporosis")),
    flag(YES, "a fall on 90 days of a steroid", FALL, medicine("prednisone", start=90)),
    flag(UNKNOWN, "a fall on 89 days of a steroid", FALL, medicine("prednisone", start=89)),
    flag(UNKNOWN, "a fall with strong bone", FALL),
    # malignancy
    flag(YES, "cancer, current", SCIATICA, problem("malignancy")),
    flag(YES, "cancer in remission", SCIATICA, problem("malignancy", current=NO, in_remission=True)),
    flag(UNKNOWN, "cancer that is resolved or inactive", SCIATICA, problem("malignancy", current=NO)),
    flag(YES, "a history of cancer", SCIATICA, problem("rf-history-of-malignancy")),
    flag(YES, "a history of cancer whose entry is inactive", SCIATICA, problem("rf-history-of-malignancy", current=NO)),
    flag(UNKNOWN, "non-melanoma skin cancer", SCIATICA, problem("malignancy", "non-melanoma-skin-cancer")),
    flag(YES, "weight loss 180 days ago", SCIATICA, problem("weight-loss", began=180)),
    flag(UNKNOWN, "weight loss 181 days ago", SCIATICA, problem("weight-loss", began=181)),
    flag(UNKNOWN, "weight loss without a date", SCIATICA, problem("weight-loss")),
    case("red_flag", YES, "night pain at 50", person("1976-03-02"), SCIATICA, reading("night-pain")),
    case("red_flag", UNKNOWN, "night pain at 49", person("1976-03-03"), SCIATICA, reading("night-pain")),
    case("red_flag", UNKNOWN, "no night pain at 70", person("1956-01-01"), SCIATICA, reading("night-pain", present=False)),
    flag(YES, "cancer with pain of 365 days", problem("sciatica", began=365), problem("malignancy")),
    flag(UNKNOWN, "cancer with pain of 366 days", problem("sciatica", began=366), problem("malignancy")),
    flag(UNKNOWN, "cancer with pain of unknown age", problem("sciatica"), problem("malignancy")),
    flag(
        YES, "cancer with pain in the buttock, without a core syndrome", problem("buttock-pain", began=30), problem("malignancy")
    ),
    flag(
        UNKNOWN,
        "cancer with pain in a month that may be within a year",
        problem("sciatica", began=month(3, 2025)),
        problem("malignancy"),
    ),
    # mass
    flag(YES, "a mass on the nerve in a report", report("mass-on-nerve")),
    flag(YES, "a mass on the nerve on the problem list", problem("mass-on-nerve")),
    flag(UNKNOWN, "an imaging finding of no mass", reading("mass-on-nerve", present=False)),
    # cauda equina counts too, and nothing is ever excluded
    flag(
        YES, "sciatica of both sides counts like every other red flag", problem("sciatica", recorded=5, sides=("left", "right"))
    ),
    flag(UNKNOWN, "nothing is recorded"),
    *(flag(UNKNOWN, f"the {s} could not be read", gap(s)) for s in FINDINGS["red_flag"].reads),
]


@pytest.mark.parametrize("one", CASES, ids=label)
def test_red_flags(one: Case) -> None:
    assert one.ask().answer is one.answer


@pytest.mark.parametrize("ask", [motor_deficit, infection, fracture, malignancy, mass_on_nerve])
def test_what_is_not_recorded_is_not_excluded(ask: object) -> None:
    assert callable(ask)
    assert ask(chart(FORTY)).answer is UNKNOWN


def test_no_red_flag_is_told_as_absent() -> None:
    found = flag(UNKNOWN, "").ask()
    assert found.because == "none recorded; absence is not proof"
