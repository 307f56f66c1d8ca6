"""Injections: what was given, what is ordered, and what comes after them."""

from __future__ import annotations

from typing import Any

import pytest
from charts import NO, UNKNOWN, YES, Case, case, chart, draft, gap, label, medicine, month, pain, plan, problem, treatment, visits

from cds_service.pathway.injection_orders import injection_questions, steroid_injections_so_far

REGION, HAMSTRING, BOTOX = "deep-gluteal-injection", "hamstring-injection", "botulinum-injection"
STEROID, ANAESTHETIC, TOXIN = ("agent-corticosteroid",), ("agent-anaesthetic",), ("agent-botulinum",)
FAILED, HELPED, PARTLY = ("outcome-unsuccessful",), ("outcome-successful",), ("outcome-partial",)
UNREAD = gap("treatments")
RIGHT = problem("piriformis-syndrome", sides=("right",))
LIMIT = {"count": 3, "days": 365, "apart": 84}


def given(days: Any, *details: str, region: str = REGION, **rest: Any) -> Any:
    return treatment(region, "any-injection", days=days, details=details, **rest)


def order(*details: str, region: str = REGION, **rest: Any) -> Any:
    return draft(None, service=(region, "any-injection"), details=details, **rest)


def unclear(answer: Any, name: str, *parts: Any) -> Case:
    return case("injection_order_unclear", answer, name, *parts)


def limit(answer: Any, name: str, *parts: Any) -> Case:
    return case("steroid_limit_reached", answer, name, *parts, **LIMIT)


GUIDED = order("image-guidance")
DAY_90 = visits(5, first=90)

CASES = [
    # injected_within
    case("injected_within", YES, "365 days ago", given(365), days=365),
    case("injected_within", YES, "at this side", given(20, sides=("right",)), RIGHT, days=365),
    case("injected_within", YES, "at an unknown side", given(20), RIGHT, days=365),
    case("injected_within", NO, "366 days ago", given(366), days=365),
    case("injected_within", NO, "at the other side", given(20, sides=("left",)), RIGHT, days=365),
    case("injected_within", NO, "botulinum toxin", given(20, *TOXIN), days=365),
    case("injected_within", NO, "at the hamstring origin", given(20, region=HAMSTRING), days=365),
    case("injected_within", NO, "not completed", given(20, completed=False), days=365),
    case("injected_within", NO, "in the future", given(-3), days=365),
    case("injected_within", NO, "none", days=365),
    case("injected_within", UNKNOWN, "a month that could be either side of the limit", given(month(3, of=2025)), days=365),
    case("injected_within", UNKNOWN, "procedures could not be read", UNREAD, days=365),
    # injection_failed
    case("injection_failed", YES, "unsuccessful, 28 days ago", given(28, *STEROID, *FAILED), days=28),
    case("injection_failed", YES, "no less pain since", given(40), pain(6, 45), pain(5, 20), days=28),
    case("injection_failed", NO, "27 days ago", given(27, *FAILED), days=28),
    case("injection_failed", NO, "it helped", given(40, *HELPED), days=28),
    case("injection_failed", NO, "it helped in part", given(40, *PARTLY), days=28),
    case("injection_failed", NO, "less pain since", given(40), pain(6, 45), pain(4, 26), days=28),
    case("injection_failed", NO, "the newer one helped", given(90, *FAILED), given(40, *HELPED), days=28),
    case("injection_failed", NO, "none", days=28),
    case("injection_failed", UNKNOWN, "its effect is not recorded", given(40), days=28),
    case("injection_failed", UNKNOWN, "the last score is 13 days after it", given(40), pain(6, 45), pain(5, 27), days=28),
    case("injection_failed", UNKNOWN, "scores could not be read", given(40), gap("readings"), days=28),
    case("injection_failed", UNKNOWN, "procedures could not be read", given(40, *FAILED), UNREAD, days=28),
    # botulinum_within
    case("botulinum_within", YES, "84 days ago", given(84, region=BOTOX), days=84),
    case("botulinum_within", YES, "as the agent of another injection", given(20, *TOXIN), days=84),
    case("botulinum_within", NO, "85 days ago", given(85, region=BOTOX), days=84),
    case("botulinum_within", NO, "a steroid", given(20, *STEROID), days=84),
    case("botulinum_within", NO, "not completed", given(20, region=BOTOX, completed=False), days=84),
    case("botulinum_within", UNKNOWN, "without a date", given(None, region=BOTOX), days=84),
    case("botulinum_within", UNKNOWN, "procedures could not be read", UNREAD, days=84),
    # steroid_limit_reached
    limit(YES, "the last one 83 days ago", order(), given(83)),
    limit(YES, "three within 365 days", order(), given(100), given(200), given(365)),
    limit(YES, "known, although others could not be read", order(), given(83), UNREAD),
    limit(YES, "at the hamstring origin", order(region=HAMSTRING), given(20, region=HAMSTRING)),
    limit(NO, "the last one 84 days ago", order(), given(84)),
    limit(NO, "the third one 366 days ago", order(), given(100), given(200), given(366)),
    limit(NO, "an anaesthetic is ordered", order(*ANAESTHETIC), given(20)),
    limit(NO, "an anaesthetic was given", order(), given(20, *ANAESTHETIC)),
    limit(NO, "at the other side", order(sides=("right",)), given(20, sides=("left",))),
    limit(NO, "another region", order(region=HAMSTRING), given(20)),
    limit(NO, "not selected", order(selected=False), given(20)),
    limit(NO, "nothing ordered, procedures unread", UNREAD),
    limit(UNKNOWN, "procedures could not be read", order(), UNREAD),
    limit(UNKNOWN, "a month that could be within twelve weeks", order(), given(month(12, of=2025))),
    # injection_order_unclear
    unclear(YES, "day 41 without diagnostic intent", order("image-guidance"), visits(5, first=41)),
    unclear(YES, "no conservative care", GUIDED),
    unclear(YES, "day 42 without an outcome", GUIDED, visits(5, first=42)),
    unclear(YES, "day 89 without an outcome", GUIDED, visits(5, first=89)),
    unclear(YES, "guidance is not stated", order(), DAY_90),
    unclear(YES, "an anticoagulant is taken", GUIDED, DAY_90, medicine("apixaban")),
    unclear(YES, "fever", GUIDED, DAY_90, problem("rf-hip-pelvic-infection", began=3)),
    unclear(NO, "day 41 as a test", order("image-guidance", "intent-diagnostic"), visits(5, first=41)),
    unclear(NO, "day 42, no benefit documented", GUIDED, visits(5, first=42), pain(5, 42), pain(5, 2)),
    unclear(NO, "day 90", GUIDED, DAY_90),
    unclear(UNKNOWN, "visits could not be read, so the time is left out", GUIDED, gap("contacts")),
    unclear(YES, "visits could not be read, and guidance is not stated", order(), gap("contacts")),
    unclear(NO, "a finished programme without its visits, so the time is left out", GUIDED, plan("exercise-plan", finished=True)),
    unclear(NO, "at the hamstring origin", order(region=HAMSTRING)),
    unclear(NO, "nothing is ordered", gap("medicines")),
    unclear(UNKNOWN, "scores could not be read, so the time is left out", GUIDED, visits(5, first=42), gap("readings")),
    unclear(UNKNOWN, "medicines could not be read", GUIDED, DAY_90, gap("medicines")),
    # in_registered_trial
    case("in_registered_trial", YES, "stated", order("registered-trial", region="regenerative-injection")),
    case(
        "in_registered_trial",
        NO,
        "one of two does not state it",
        order("registered-trial", region="regenerative-injection"),
        order(region="regenerative-injection", ref="ServiceRequest/2"),
    ),
    case("in_registered_trial", NO, "another injection states it", order("registered-trial")),
]


@pytest.mark.parametrize("one", CASES, ids=label)
def test_injections(one: Case) -> None:
    assert one.ask().answer is one.answer


def test_every_question_is_listed_once() -> None:
    listed = injection_questions(chart(order(), visits(5, first=41), medicine("apixaban")))
    assert [text.split(":")[0] for text in listed] == [
        "Day 41 of conservative care",
        "Image guidance is not stated.",
        "Anticoagulant",
    ]


def test_the_injections_so_far_are_those_of_the_region_and_side() -> None:
    found = chart(
        order(sides=("right",)), given(83), given(90, sides=("left",)), given(100, region=HAMSTRING), given(120, *ANAESTHETIC)
    )
    assert steroid_injections_so_far(found) == "2025-12-09"
    assert steroid_injections_so_far(chart(order())) == "none"
