"""Looking up records by value set: what a pass over the whole section would find, in its order."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from charts import chart, draft, medicine, problem, reading

from cds_service.pathway.chart import Chart

SETS = ("sciatica", "trauma", "numbness", "opioids", "gabapentinoids", "nothing-has-it")
FULL = chart(
    problem("trauma"),
    problem("sciatica"),
    problem("trauma", "numbness"),
    problem("sciatica"),
    reading("numbness"),
    reading("trauma"),
    reading("numbness", "trauma"),
    medicine("oxycodone"),
    medicine("gabapentin"),
    medicine("tramadol"),
)
EMPTY = chart()


@pytest.mark.parametrize("of", [FULL, EMPTY], ids=["full", "empty"])
@pytest.mark.parametrize("name", SETS)
def test_what_is_looked_up_is_what_a_pass_would_find(of: Chart, name: str) -> None:
    assert list(of.problems_of(name)) == [p for p in of.problems if name in p.concepts]
    assert list(of.readings_of(name)) == [r for r in of.readings if name in r.concepts]
    assert list(of.medicines_of(name)) == [m for m in of.medicines if name in m.classes]


@pytest.mark.parametrize("one", SETS)
@pytest.mark.parametrize("other", SETS)
def test_of_several_value_sets_each_record_is_found_once_in_its_place(one: str, other: str) -> None:
    for names in ({one, other}, (one, other), {one: 1.0, other: 2.0}):
        assert list(FULL.problems_of_any(names)) == [p for p in FULL.problems if not p.concepts.isdisjoint(names)]
        assert list(FULL.readings_of_any(names)) == [r for r in FULL.readings if not r.concepts.isdisjoint(names)]


def test_a_record_that_stands_twice_in_a_section_is_found_twice() -> None:
    twice = problem("trauma", "numbness")
    assert list(chart(twice, twice).problems_of_any(("trauma", "numbness"))) == [twice, twice]


def test_of_no_value_set_nothing_is_found() -> None:
    assert list(FULL.problems_of_any(())) == list(FULL.readings_of_any(())) == []


LOOK: tuple[Callable[[Chart], Iterable[Any]], ...] = (
    lambda c: c.problems_of("sciatica"),
    lambda c: c.readings_of("numbness"),
    lambda c: c.medicines_of("opioids"),
)


@pytest.mark.parametrize("look", LOOK)
def test_a_chart_without_some_drafts_finds_the_same_records(look: Callable[[Chart], Iterable[Any]]) -> None:
    before = chart(draft("gabapentin"), problem("sciatica"), reading("numbness"), medicine("oxycodone"))
    found = list(look(before))
    before.memo["adult"] = "an answer"
    after = before.without_drafts([before.drafts[0].ref])
    assert found
    assert list(look(after)) == found
    assert "adult" not in after.memo
