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
from cds_service.pathway.red_flags import _FLAGS
from cds_service.pathway.vocabulary import FINDINGS

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


def both(finding: str, answer: Answer, name: str, *parts: object) -> list[Case]:
    """What raises one flag raises the red flag, and what does not, does not."""
    return [case("red_flag", answer, name, *parts), case(finding, answer, name, *parts)]


def weakness(answer: Answer, name: str, *parts: object) -> list[Case]:
    return both("new_leg_weakness", answer, name, FORTY, *parts)


def infection(answer: Answer, name: str, *parts: object) -> list[Case]:
    return both("infection_suspected", answer, name, FORTY, *parts)


def fracture(answer: Answer, name: str, *parts: object) -> list[Case]:
    return both("fracture_suspected", answer, name, FORTY, *parts)


def fracture_of(answer: Answer, name: str, *parts: object) -> list[Case]:
    return both("fracture_suspected", answer, name, *parts)


def malignancy(answer: Answer, name: str, *parts: object) -> list[Case]:
    return both("malignancy_suspected", answer, name, FORTY, *parts)


def malignancy_of(answer: Answer, name: str, *parts: object) -> list[Case]:
    return both("malignancy_suspected", answer, name, *parts)


def mass(answer: Answer, name: str, *parts: object) -> list[Case]:
    return both("mass_on_nerve_reported", answer, name, FORTY, *parts)


CASES = [
    # weakness
    *weakness(YES, "leg weakness 90 days ago", problem("leg-weakness", began=90)),
    *weakness(UNKNOWN, "leg weakness 91 days ago", problem("leg-weakness", began=91)),
    *weakness(UNKNOWN, "leg weakness without a date", problem("leg-weakness")),
    *weakness(UNKNOWN, "leg weakness that is over", problem("leg-weakness", began=3, current=NO)),
    *weakness(YES, "muscle weakness that names the leg", problem("muscle-weakness", "leg-words", began=3)),
    *weakness(UNKNOWN, "muscle weakness of no named part", problem("muscle-weakness", began=3)),
    *weakness(
        UNKNOWN, "leg weakness with a known other cause", problem("leg-weakness", began=3), problem("other-cause-of-weakness")
    ),
    *weakness(YES, "strength 3 of 5, 30 days ago", strength(3, 30)),
    *weakness(UNKNOWN, "strength 3 of 5, 31 days ago", strength(3, 31)),
    *weakness(UNKNOWN, "strength 4 of 5", strength(4, 3)),
    *weakness(YES, "one grade less than before", strength(5, 100), strength(4, 30)),
    *weakness(UNKNOWN, "half a grade less", strength(5, 100), strength(4.5, 3)),
    *weakness(UNKNOWN, "one grade less than the other side", strength(5, 100, sides=("right",)), strength(4, 3)),
    *weakness(UNKNOWN, "one grade less than another movement", strength(5, 100, KNEE), strength(4, 3)),
    *weakness(UNKNOWN, "a better value than before", strength(4, 100), strength(5, 3)),
    *weakness(UNKNOWN, "strength beyond 5 is no grade", strength(-1, 3)),
    # infection
    *infection(YES, "an infection of hip, pelvis or spine", problem("rf-hip-pelvic-infection")),
    *infection(UNKNOWN, "an infection that is over", problem("rf-hip-pelvic-infection", current=NO)),
    *infection(YES, "38.0 degrees, 7 days ago", temperature(38.0)),
    *infection(UNKNOWN, "38.0 degrees, 8 days ago", temperature(38.0, days=8)),
    *infection(UNKNOWN, "37.9 degrees", temperature(37.9)),
    *infection(YES, "100.4 Fahrenheit", temperature(100.4, "[degF]")),
    *infection(UNKNOWN, "100.3 Fahrenheit", temperature(100.3, "[degF]")),
    *infection(YES, "CRP 21 with a risk factor, 14 days ago", crp(21), RISK),
    *infection(YES, "CRP 2.1 mg/dL with a risk factor", crp(2.1, "mg/dL"), RISK),
    *infection(UNKNOWN, "CRP 20 is not above 20", crp(20), RISK),
    *infection(UNKNOWN, "CRP 15 days ago", crp(90, days=15), RISK),
    *infection(UNKNOWN, "CRP without a risk factor", crp(90)),
    *infection(UNKNOWN, "CRP without a unit", crp(90, None), RISK),
    *infection(YES, "CRP with injecting drug use", crp(90), problem("injecting-drug-use")),
    *infection(YES, "CRP with dialysis", crp(90), problem("dialysis")),
    *infection(YES, "CRP with dialysis 90 days ago", crp(90), treatment("dialysis", days=90)),
    *infection(UNKNOWN, "CRP with dialysis 91 days ago", crp(90), treatment("dialysis", days=91)),
    *infection(YES, "CRP with a hip injection 30 days ago", crp(90), treatment("spinal-or-hip-intervention", days=30)),
    *infection(UNKNOWN, "CRP with a hip injection 31 days ago", crp(90), treatment("spinal-or-hip-intervention", days=31)),
    *infection(UNKNOWN, "CRP with a risk factor that is over", crp(90), problem("immunosuppression", current=NO)),
    # fracture
    *fracture(YES, "a stress fracture", problem("stress-fracture")),
    *fracture(YES, "a suspected hip fracture", problem("rf-hip-pelvic-fracture", suspected=True)),
    *fracture(UNKNOWN, "a confirmed hip fracture is somebody else's pathway", problem("rf-hip-pelvic-fracture")),
    *fracture(YES, "unable to bear weight, 14 days ago", problem("unable-to-bear-weight", began=14)),
    *fracture(UNKNOWN, "unable to bear weight, 15 days ago", problem("unable-to-bear-weight", began=15)),
    *fracture(YES, "observed unable to bear weight", reading("unable-to-bear-weight", days=14)),
    *fracture(UNKNOWN, "observed able to bear weight", reading("unable-to-bear-weight", days=14, present=False)),
    *fracture_of(YES, "a fall 30 days ago at 65", SIXTY_FIVE, FALL),
    *fracture_of(UNKNOWN, "a fall 30 days ago at 64", person("1961-03-03"), FALL),
    *fracture_of(UNKNOWN, "a fall 31 days ago at 65", SIXTY_FIVE, problem("trauma", began=31)),
    *fracture_of(YES, "a fall at an age that may be 65", person(year(1961)), FALL),
    *fracture_of(YES, "a fall at an unknown age", person(None), FALL),
    *fracture(YES, "a fall with osteoporosis", FALL, problem("osteoporosis")),
    *fracture(
        YES,
        "a fall as the reason of an encounter",
        contact("other", days=30, reasons=frozenset({"trauma"})),
        problem("osteoporosis"),
    ),
    *fracture(YES, "an observed fall", reading("trauma", days=30), problem("osteoporosis")),
    *fracture(UNKNOWN, "an observed fall 31 days ago", reading("trauma", days=31), problem("osteoporosis")),
    *fracture(UNKNOWN, "observed that there was no fall", reading("trauma", days=3, present=False), problem("osteoporosis")),
    *fracture(YES, "a fall on 90 days of a steroid", FALL, medicine("prednisone", start=90)),
    *fracture(UNKNOWN, "a fall on 89 days of a steroid", FALL, medicine("prednisone", start=89)),
    *fracture(UNKNOWN, "a fall with strong bone", FALL),
    # malignancy
    *malignancy(YES, "cancer, current", SCIATICA, problem("malignancy")),
    *malignancy(YES, "cancer in remission", SCIATICA, problem("malignancy", current=NO, in_remission=True)),
    *malignancy(UNKNOWN, "cancer that is resolved or inactive", SCIATICA, problem("malignancy", current=NO)),
    *malignancy(YES, "a history of cancer", SCIATICA, problem("rf-history-of-malignancy")),
    *malignancy(YES, "a history of cancer whose entry is inactive", SCIATICA, problem("rf-history-of-malignancy", current=NO)),
    *malignancy(UNKNOWN, "non-melanoma skin cancer", SCIATICA, problem("malignancy", "non-melanoma-skin-cancer")),
    *malignancy(YES, "weight loss 180 days ago", SCIATICA, problem("weight-loss", began=180)),
    *malignancy(UNKNOWN, "weight loss 181 days ago", SCIATICA, problem("weight-loss", began=181)),
    *malignancy(UNKNOWN, "weight loss without a date", SCIATICA, problem("weight-loss")),
    *malignancy_of(YES, "night pain at 50", person("1976-03-02"), SCIATICA, reading("night-pain")),
    *malignancy_of(UNKNOWN, "night pain at 49", person("1976-03-03"), SCIATICA, reading("night-pain")),
    *malignancy_of(UNKNOWN, "no night pain at 70", person("1956-01-01"), SCIATICA, reading("night-pain", present=False)),
    *malignancy(YES, "cancer with pain of 365 days", problem("sciatica", began=365), problem("malignancy")),
    *malignancy(UNKNOWN, "cancer with pain of 366 days", problem("sciatica", began=366), problem("malignancy")),
    *malignancy(UNKNOWN, "cancer with pain of unknown age", problem("sciatica"), problem("malignancy")),
    *malignancy(
        YES, "cancer with pain in the buttock, without a core syndrome", problem("buttock-pain", began=30), problem("malignancy")
    ),
    *malignancy(
        UNKNOWN,
        "cancer with pain in a month that may be within a year",
        problem("sciatica", began=month(3, 2025)),
        problem("malignancy"),
    ),
    # mass
    *mass(YES, "a mass on the nerve in a report", report("mass-on-nerve")),
    *mass(YES, "a mass on the nerve on the problem list", problem("mass-on-nerve")),
    *mass(UNKNOWN, "an imaging finding of no mass", reading("mass-on-nerve", present=False)),
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


@pytest.mark.parametrize("ask", _FLAGS)
def test_what_is_not_recorded_is_not_excluded(ask: object) -> None:
    assert callable(ask)
    assert ask(chart(FORTY)).answer is UNKNOWN


def test_no_red_flag_is_told_as_absent() -> None:
    found = flag(UNKNOWN, "").ask()
    assert found.because == "none recorded; absence is not proof"
