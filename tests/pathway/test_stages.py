"""Where a patient stands: every standing of a stage, its boundaries, and the clock."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from charts import (
    TODAY,
    Any,
    chart,
    gap,
    medicine,
    pain,
    person,
    problem,
    reading,
    request,
    treatment,
    visit,
    visits,
)

from cds_service import packaged_cards
from cds_service.content.loader import load
from cds_service.pathway.stages import Place, Standing, clock, places

LIBRARY = load(packaged_cards())
STAGES = LIBRARY.stages
ADULT, PIRIFORMIS = person("1970-06-15"), problem("piriformis-syndrome", began=120)
DONE, UNDER_WAY, DUE, WAITING = Standing.DONE, Standing.UNDER_WAY, Standing.DUE, Standing.WAITING
UNCLEAR, BLOCKED, WATCHED, FOUND = Standing.UNCLEAR, Standing.BLOCKED, Standing.WATCHED, Standing.FOUND
APART, ENDED = Standing.APART, Standing.ENDED


OLD_TRIAL = medicine("gabapentin", start=200, status="stopped")


def found(*parts: object) -> dict[str, Place]:
    return {place.stage.id: place for place in places(STAGES, chart(*parts))}


def standing(stage: str, *parts: object) -> Standing:
    return found(ADULT, *parts)[stage].standing


CASES: list[tuple[str, Standing, str, tuple[Any, ...]]] = [
    ("red-flags", WATCHED, "nothing is recorded, and nothing is excluded", (PIRIFORMIS,)),
    ("red-flags", FOUND, "a foot drop of ten days", (PIRIFORMIS, problem("leg-weakness", began=10))),
    ("assessment", APART, "no pain of the posterior hip", ()),
    ("assessment", DUE, "no examination is recorded", (PIRIFORMIS,)),
    ("assessment", DONE, "a FAIR test of ten days", (PIRIFORMIS, reading("examination", days=10))),
    ("assessment", UNCLEAR, "problems could not be read", (gap("problems"),)),
    ("assessment", DUE, "a red flag does not keep it away", (PIRIFORMIS, problem("leg-weakness", began=10))),
    ("assessment", UNCLEAR, "examinations could not be read", (PIRIFORMIS, gap("readings"))),
    ("first-line", APART, "not on the pathway", (problem("hypertension"),)),
    ("first-line", DUE, "nothing is arranged", (PIRIFORMIS,)),
    ("first-line", UNDER_WAY, "physiotherapy is ordered", (PIRIFORMIS, request("physiotherapy-order", days=5))),
    ("first-line", UNDER_WAY, "day 89", (PIRIFORMIS, *visits(4, first=89, every=7))),
    ("first-line", UNDER_WAY, "day 90, the last visit of late", (PIRIFORMIS, *visits(4, first=90, every=7))),
    ("first-line", ENDED, "the last visit is 91 days ago", (PIRIFORMIS, *visits(4, first=112, every=7))),
    ("first-line", UNDER_WAY, "under way beside a red flag", (PIRIFORMIS, visit(5), problem("leg-weakness", began=10))),
    ("first-line", BLOCKED, "a red flag", (PIRIFORMIS, problem("leg-weakness", began=10))),
    ("first-line", BLOCKED, "palliative care", (PIRIFORMIS, problem("palliative-care"))),
    ("nerve-pain-medicine", WAITING, "mild pain", (PIRIFORMIS, pain(3, 5))),
    ("nerve-pain-medicine", DUE, "moderate pain", (PIRIFORMIS, pain(4, 5))),
    ("nerve-pain-medicine", UNCLEAR, "no score", (PIRIFORMIS,)),
    ("nerve-pain-medicine", BLOCKED, "pregnant", (PIRIFORMIS, pain(6, 5), problem("pregnancy"))),
    ("nerve-pain-medicine", APART, "no nerve pain", (problem("ischiofemoral-impingement"), pain(6, 5))),
    ("nerve-pain-medicine", UNDER_WAY, "gabapentin for 10 days", (PIRIFORMIS, pain(6, 5), medicine("gabapentin", start=10))),
    ("nerve-pain-medicine", UNCLEAR, "an earlier trial of unknown length", (PIRIFORMIS, pain(6, 5), OLD_TRIAL)),
    ("nerve-pain-medicine", DONE, "gabapentin for 42 days", (PIRIFORMIS, pain(6, 5), medicine("gabapentin", start=42))),
    ("six-weeks", WAITING, "day 41", (PIRIFORMIS, *visits(4, first=41, every=7))),
    ("six-weeks", DUE, "day 42", (PIRIFORMIS, *visits(4, first=42, every=7))),
    ("six-weeks", DONE, "reassessed", (PIRIFORMIS, *visits(4, first=42, every=7), visit(2, "reassessment"))),
    ("six-weeks", WAITING, "improved", (PIRIFORMIS, *visits(4, first=42, every=7), pain(7, 44), pain(2, 3))),
    ("six-weeks", UNCLEAR, "visits could not be read", (PIRIFORMIS, gap("treatments"))),
    ("six-weeks", WAITING, "the last visit is 91 days ago", (PIRIFORMIS, *visits(4, first=112, every=7))),
    ("six-weeks", ENDED, "three months without response", (PIRIFORMIS, *visits(4, first=90, every=20), pain(6, 90), pain(6, 1))),
    ("six-weeks", BLOCKED, "whether care is palliative could not be read", (PIRIFORMIS, gap("contacts"))),
    ("second-line", WAITING, "day 89", (PIRIFORMIS, *visits(4, first=89, every=20), pain(6, 89), pain(6, 1))),
    ("second-line", DUE, "day 90, no better", (PIRIFORMIS, *visits(4, first=90, every=20), pain(6, 90), pain(6, 1))),
    ("second-line", WAITING, "day 90, no outcome", (PIRIFORMIS, *visits(4, first=90, every=20))),
    ("third-line", WAITING, "no second line yet", (PIRIFORMIS, *visits(4, first=120, every=20), pain(6, 120), pain(6, 1))),
    ("medicine-safety", WATCHED, "it has no turn", (PIRIFORMIS,)),
    ("record", WATCHED, "everything was read", (PIRIFORMIS,)),
    ("record", FOUND, "allergies could not be read", (PIRIFORMIS, gap("allergies"))),
]
TWO_TRIALS = (
    medicine("gabapentin", start=120, end=60, status="stopped"),
    medicine("duloxetine", start=60, end=20, status="stopped"),
)
LATE = (PIRIFORMIS, *visits(4, first=120, every=20), pain(6, 120), pain(6, 1), *TWO_TRIALS)
CASES += [
    ("third-line", DUE, "two medicines tried", LATE),
    ("third-line", UNDER_WAY, "referred to pain management", (*LATE, request("referral-pain", days=180))),
    ("third-line", UNDER_WAY, "referred to a surgeon", (*LATE, request("referral-surgery", days=3))),
    ("third-line", DUE, "a referral of 181 days", (*LATE, request("referral-pain", days=181))),
    ("second-line", DONE, "injected", (*LATE, treatment("deep-gluteal-injection", "any-injection", days=20))),
]


@pytest.mark.parametrize(("stage", "expected", "name", "parts"), CASES, ids=lambda value: value if isinstance(value, str) else "")
def test_a_stage_stands_as_the_record_says(stage: str, expected: Standing, name: str, parts: tuple[Any, ...]) -> None:
    place = found(ADULT, *parts)[stage]
    assert place.standing is expected, [step.finding for step in place.because]


def test_what_goes_on_all_along_is_found_where_a_card_of_it_is_shown() -> None:
    stages = {
        place.stage.id: place.standing for place in places(STAGES, chart(ADULT, PIRIFORMIS), {"medicine-safety", "first-line"})
    }
    assert stages["medicine-safety"] is FOUND
    assert stages["red-flags"] is WATCHED
    assert stages["first-line"] is DUE


def test_every_standing_has_a_case() -> None:
    assert {expected for _, expected, _, _ in CASES} == set(Standing)


@pytest.mark.parametrize("who", [person("2010-01-01"), person(None)], ids=["a child", "no date of birth"])
def test_the_pathway_for_adults_is_closed_to_who_is_not_known_to_be_one(who: object) -> None:
    first_line = found(who, PIRIFORMIS)["first-line"]
    assert first_line.standing is BLOCKED
    assert [step.line.text for step in first_line.because] == ["adult"]


def test_a_place_names_the_lines_that_decide_it() -> None:
    waiting = found(ADULT, PIRIFORMIS, *visits(4, first=41, every=7))["six-weeks"]
    assert [step.finding.because for step in waiting.because] == ["day 41 since the first visit"]


def test_the_clock_starts_at_the_first_visit_of_the_episode() -> None:
    ticking = clock(chart(ADULT, PIRIFORMIS, *visits(4, first=41, every=7)))
    assert ticking is not None
    assert (ticking.begun, ticking.day) == (TODAY - timedelta(days=41), 41)
    assert ticking.on(42) == TODAY + timedelta(days=1)
    assert isinstance(ticking.on(90), date)


def test_without_a_visit_there_is_no_clock() -> None:
    assert clock(chart(ADULT, PIRIFORMIS, request("physiotherapy-order", days=5))) is None


def test_every_card_has_a_stage_and_every_stage_a_card() -> None:
    assert {card.stage for card in LIBRARY.recommendations} == {stage.id for stage in STAGES}
