"""What physiotherapy consists of, as given and as ordered (encodings, sections 5 and 8; settled question 14)."""

from __future__ import annotations

from typing import Any

import pytest
from charts import NO, UNKNOWN, YES, Case, case, chart, draft, gap, label, month, service, treatment, visit, visits

from cds_service.pathway.answers import Answer
from cds_service.pathway.exercise_content import content_so_far, missing_order_parts

ORDER, ACTIVE, PASSIVE, VISIT = "physiotherapy-order", "physiotherapy-active", "physiotherapy-passive", "physiotherapy-visit"
THREE = visits(3, first=20, every=5)


def passive(days: Any = 15) -> Any:
    return treatment(PASSIVE, VISIT, days=days)


def active(days: Any = 15) -> Any:
    return treatment(ACTIVE, VISIT, days=days)


def order(*details: str, **rest: Any) -> Any:
    return service(ORDER, details=details, states_content=bool(details) or rest.pop("content", False), **rest)


def only(answer: Answer, name: str, *parts: object) -> Case:
    return case("passive_treatment_only", answer, name, *parts)


def no_length(answer: Answer, name: str, *parts: object) -> Case:
    return case("physiotherapy_order_without_length", answer, name, *parts)


def no_content(answer: Answer, name: str, *parts: object) -> Case:
    return case("physiotherapy_order_without_content", answer, name, *parts)


def incomplete(answer: Answer, name: str, *parts: object) -> Case:
    return case("physiotherapy_order_incomplete", answer, name, *parts)


CASES = [
    # passive_treatment_only, as given
    only(YES, "three visits with passive treatment", THREE, passive()),
    only(NO, "two visits", visits(2, first=20, every=5), passive()),
    only(YES, "the treatments are the visits", passive(20), passive(15), passive(10)),
    only(NO, "exercise once", THREE, passive(), active()),
    only(NO, "exercise at two visits", visits(2, first=20, every=5), active()),
    only(UNKNOWN, "nothing is coded", THREE),
    only(UNKNOWN, "passive treatment of an earlier episode only", THREE, passive(200)),
    only(YES, "exercise of an earlier episode only", THREE, passive(), active(200)),
    only(YES, "exercise of tomorrow", THREE, passive(), active(-1)),
    only(YES, "exercise for another part of the body", THREE, passive(), treatment(ACTIVE, days=15)),
    only(UNKNOWN, "passive treatment of another part of the body", THREE, treatment(PASSIVE, days=15)),
    only(UNKNOWN, "exercise without a date", THREE, passive(), active(None)),
    only(UNKNOWN, "exercise of some day of February", THREE, passive(), active(month(2))),
    only(UNKNOWN, "treatments could not be read", THREE, passive(), gap("treatments")),
    only(NO, "exercise is known although treatments could not be read", THREE, active(), gap("treatments")),
    only(YES, "three visits are known although encounters could not be read", THREE, passive(), gap("contacts")),
    only(UNKNOWN, "two visits are known, encounters could not be read", visits(2, first=20), passive(20), gap("contacts")),
    only(NO, "no visit"),
    only(UNKNOWN, "no visit, encounters could not be read", gap("contacts")),
    only(YES, "the last visit was 90 days ago", visits(3, first=92), passive(91)),
    only(NO, "the last visit was 91 days ago", visits(3, first=93), passive(92)),
    # passive_treatment_only, as ordered
    only(YES, "only passive details", order(PASSIVE)),
    only(NO, "passive and active details", order(PASSIVE, ACTIVE)),
    only(NO, "no content at all", order()),
    only(UNKNOWN, "content in words", order(content=True)),
    only(UNKNOWN, "passive details and one without a code", order(PASSIVE, uncoded_details=True)),
    only(NO, "active details and one without a code", order(ACTIVE, uncoded_details=True)),
    only(NO, "not selected", order(PASSIVE, selected=False)),
    only(NO, "another order", service("mri", details=(PASSIVE,))),
    only(NO, "a medicine is ordered, whatever was given", draft("gabapentin"), THREE, passive()),
    only(NO, "two orders, one active", order(PASSIVE), order(ACTIVE, ref="ServiceRequest/2")),
    only(UNKNOWN, "two orders, one without content", order(PASSIVE), order(ref="ServiceRequest/2")),
    # physiotherapy_order_without_length
    no_length(YES, "no length", order(states_length=False)),
    no_length(NO, "with a length", order(states_length=True)),
    no_length(NO, "another order", service("mri")),
    no_length(NO, "not selected", order(selected=False)),
    # physiotherapy_order_without_content
    no_content(YES, "no content", order()),
    no_content(NO, "with content", order(content=True)),
    no_content(NO, "another order", service("mri")),
    no_content(YES, "one of two orders", order(PASSIVE), order(ref="ServiceRequest/2")),
    # physiotherapy_order_incomplete
    incomplete(YES, "neither", order()),
    incomplete(YES, "no length", order(content=True)),
    incomplete(YES, "no content", order(states_length=True)),
    incomplete(NO, "complete", order(content=True, states_length=True)),
    incomplete(NO, "not selected", order(selected=False)),
    incomplete(NO, "nothing is ordered"),
]


@pytest.mark.parametrize("one", CASES, ids=label)
def test_exercise_content(one: Case) -> None:
    assert one.ask().answer is one.answer


def test_what_is_missing_is_told() -> None:
    assert missing_order_parts(chart(order())) == "programme length and exercise content"
    assert missing_order_parts(chart(order(content=True))) == "programme length"
    assert missing_order_parts(chart()) == ""


def test_the_content_is_told_as_given_or_as_ordered() -> None:
    assert content_so_far(chart(THREE)) == "3 visits since 2026-02-10; every coded treatment is passive"
    assert content_so_far(chart(THREE, order(PASSIVE))) == "Selected: physiotherapy order, with passive treatment only"
    assert content_so_far(chart(visit(-1))) == ""
