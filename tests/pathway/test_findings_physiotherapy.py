"""Physiotherapy: the clock starts at the first attended visit (encodings, section 5)."""

from __future__ import annotations

import pytest
from charts import (
    NO,
    UNKNOWN,
    YES,
    Case,
    ago,
    case,
    chart,
    contact,
    gap,
    label,
    month,
    plan,
    problem,
    request,
    treatment,
    visit,
    visits,
)

from cds_service.pathway.answers import Answer
from cds_service.pathway.physiotherapy import episode, physiotherapy_so_far, visits_more_than

ORDER, PLAN, DISCHARGE, REASSESSMENT = "physiotherapy-order", "exercise-plan", "physiotherapy-discharge", "reassessment"
FINISHED = plan(PLAN, finished=True, ended=1)


def state(what: str, answer: Answer, name: str, *parts: object) -> Case:
    return case(f"physiotherapy_{what}", answer, name, *parts)


CASES = [
    # not_started
    state("not_started", YES, "no visit and no order"),
    state("not_started", YES, "an order 181 days ago", request(ORDER, days=181)),
    state("not_started", YES, "an order that is completed without a visit", request(ORDER, active=False)),
    state("not_started", YES, "only a planned visit", visit(3, took_place=False)),
    state("not_started", YES, "a visit dated tomorrow", visit(-1)),
    state("not_started", YES, "an encounter for something else", contact("other", days=3)),
    state("not_started", NO, "ordered 180 days ago", request(ORDER, days=180)),
    state("not_started", NO, "one visit", visit(3)),
    state("not_started", NO, "a visit long ago is a programme that is over", visit(400)),
    state("not_started", NO, "a treatment counts as a visit", treatment("physiotherapy-visit", days=3)),
    state("not_started", NO, "a treatment under way counts", treatment("physiotherapy-visit", days=0, completed=False)),
    state("not_started", NO, "a finished exercise plan without visits is completed", FINISHED),
    state("not_started", NO, "a discharge without visits is completed", treatment(DISCHARGE, days=50)),
    state("not_started", UNKNOWN, "encounters could not be read", gap("contacts")),
    state("not_started", UNKNOWN, "procedures could not be read", gap("treatments")),
    state("not_started", UNKNOWN, "orders could not be read", gap("requests")),
    state("not_started", UNKNOWN, "an order is known but visits are not", request(ORDER), gap("contacts")),
    # in_progress
    state("in_progress", YES, "the last visit 90 days ago", visit(90)),
    state("in_progress", YES, "a visit was read although others were not", visit(3), gap("contacts")),
    state("in_progress", UNKNOWN, "an old visit was read, a later one may not have been", visit(400), gap("contacts")),
    state("in_progress", UNKNOWN, "a finished plan, and visits that could not be read", FINISHED, gap("treatments")),
    state("in_progress", YES, "a plan that ended before this episode", visit(3), plan(PLAN, finished=True, ended=200)),
    state("in_progress", YES, "discharged, and 41 days since the last visit", visit(41), treatment(DISCHARGE, days=41)),
    state("in_progress", YES, "a discharge before this episode", visit(50), treatment(DISCHARGE, days=300)),
    state("in_progress", NO, "the last visit 91 days ago", visit(91)),
    state("in_progress", NO, "the plan is finished", visit(3), FINISHED),
    state("in_progress", NO, "discharged, and 42 days since the last visit", visit(42), treatment(DISCHARGE, days=42)),
    state("in_progress", NO, "only ordered", request(ORDER)),
    state("in_progress", NO, "nothing is recorded"),
    state("in_progress", UNKNOWN, "whether the plan is finished could not be read", visit(3), gap("plans")),
    state("in_progress", UNKNOWN, "visits could not be read", gap("contacts")),
    # arranged
    state("arranged", YES, "ordered", request(ORDER, days=180)),
    state("arranged", YES, "in progress", visit(3)),
    state("arranged", NO, "over", visit(91)),
    state("arranged", UNKNOWN, "42 days since the last visit, a discharge may not have been read", visit(42), gap("treatments")),
    state("arranged", YES, "41 days since the last visit, a discharge would close nothing", visit(41), gap("treatments")),
    state("arranged", NO, "nothing is recorded"),
    state("arranged", UNKNOWN, "visits could not be read", gap("contacts"), gap("treatments")),
    # days_at_least
    case("physiotherapy_days_at_least", YES, "day 42", visit(42), days=42),
    case("physiotherapy_days_at_least", NO, "day 41 is not six weeks", visit(41), days=42),
    case("physiotherapy_days_at_least", YES, "day 90", visit(90), visit(5), days=90),
    case("physiotherapy_days_at_least", NO, "day 89 is not three months", visit(89), visit(5), days=90),
    case("physiotherapy_days_at_least", YES, "visits 89 days apart are one episode", visit(90), visit(1), days=90),
    case("physiotherapy_days_at_least", NO, "visits 90 days apart are two episodes", visit(91), visit(1), days=42),
    case("physiotherapy_days_at_least", NO, "an order does not start the clock", request(ORDER, days=100), days=42),
    case("physiotherapy_days_at_least", NO, "no visit", days=42),
    case(
        "physiotherapy_days_at_least", YES, "already passed, although others were not read", visit(42), gap("contacts"), days=42
    ),
    case("physiotherapy_days_at_least", UNKNOWN, "earlier visits may not have been read", visit(3), gap("treatments"), days=42),
    case("physiotherapy_days_at_least", UNKNOWN, "no visit was read", gap("contacts"), days=42),
    case("physiotherapy_days_at_least", UNKNOWN, "a newer episode may not have been read", visit(90), gap("contacts"), days=42),
    # reassessed
    case("reassessed", YES, "on day 28", visit(60), treatment(REASSESSMENT, days=32)),
    case("reassessed", NO, "on day 27", visit(60), treatment(REASSESSMENT, days=33)),
    case("reassessed", YES, "42 days ago", visit(80), visit(60), treatment(REASSESSMENT, days=42)),
    case("reassessed", NO, "43 days ago", visit(80), visit(60), treatment(REASSESSMENT, days=43)),
    case("reassessed", YES, "an encounter of that type", visit(60), contact(REASSESSMENT, days=5)),
    case("reassessed", NO, "only begun", visit(60), treatment(REASSESSMENT, days=5, completed=False)),
    case("reassessed", NO, "without an episode", treatment(REASSESSMENT, days=5)),
    case("reassessed", NO, "not recorded", visit(60)),
    case("reassessed", UNKNOWN, "procedures could not be read", visit(60), gap("treatments")),
]


@pytest.mark.parametrize("one", CASES, ids=label)
def test_physiotherapy(one: Case) -> None:
    assert one.ask().answer is one.answer


def test_encounter_and_procedure_on_one_day_are_one_visit() -> None:
    found = episode(chart(visit(5), treatment("physiotherapy-visit", days=5), visit(2)))
    assert found is not None
    assert len(found.days) == 2
    assert len(found.refs) == 3
    assert found.start == ago(5).latest


def test_a_visit_of_which_only_the_month_is_known_is_not_counted() -> None:
    assert episode(chart(visit(month(1)), visit(None))) is None


@pytest.mark.parametrize(("count", "answer"), [(14, NO), (15, YES)])
def test_fourteen_visits_are_not_more_than_fourteen(count: int, answer: Answer) -> None:
    assert visits_more_than(chart(visits(count, first=40)), 14) is answer


def test_a_count_over_a_failed_read_is_unknown_unless_it_is_passed() -> None:
    assert visits_more_than(chart(visits(14, first=40), gap("contacts")), 14) is UNKNOWN
    assert visits_more_than(chart(visits(15, first=40), gap("contacts")), 14) is YES
    assert visits_more_than(chart(), 14) is NO


def test_weeks_are_whole_weeks_and_for_reading_only() -> None:
    assert physiotherapy_so_far(chart(visit(41), visit(2))) == "Day 41 (week 5) since the first visit on 2026-01-20, 2 visits"
    assert physiotherapy_so_far(chart(problem("sciatica"))) == "No visit recorded"
