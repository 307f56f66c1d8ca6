"""A check that cannot fail proves nothing: each rule that is taken out of the content or the code is noticed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from random import Random
from typing import Any

import pytest

from cds_service.compose import Composer
from cds_service.content.library import Library
from cds_service.pathway import decide
from cds_service.pathway.chart import Chart
from cds_service.pathway.recommendation import Kind, Order, Recommendation

from .answers import Desk, desk
from .certainty import growth
from .charts import THEMES, story_of
from .checks import faults
from .codes import LIBRARY
from .story import Story
from .tape import LENGTH
from .variants import with_less

_CHARTS = 5_000
_ORDERS = tuple(name for name in ("nortriptyline", "duloxetine", "gabapentin", "naproxen") if name in LIBRARY.orders)
# The lines that C.4 asks for; an order may hold more.
_LINES = (
    "kidney_function_at_least 60",
    "taking_or_drafted antiplatelet-or-anticoagulant",
    "taking_or_drafted serotonergic-antidepressants",
    "taking_or_drafted med-systemic-corticosteroid",
    "taking_or_drafted kidney-active-medicines",
    "allergic_to nsaids",
    "ever_had heart-failure",
    "ever_had ischemic-heart-disease",
    "ever_had stroke",
    "age_at_least 25",
    "age_below 65",
    "taking_or_drafted tricyclic-interactions",
    "taking_or_drafted snri-interactions",
    "taking_or_drafted med-cyp1a2-inhibitor",
    "taking_or_drafted med-anticoagulant",
    "taking_or_drafted opioids",
    "taking_or_drafted benzodiazepines",
    "taking_or_drafted gabapentinoids",
    "allergic_to tricyclics",
    "allergic_to snris",
    "allergic_to gabapentinoids",
    "ever_had heart-disease",
    "ever_had seizure-disorder",
    "ever_had suicidality",
    "ever_had bipolar-disorder",
    "ever_had bleeding-history",
    "has_problem angle-closure-glaucoma",
    "has_problem urinary-retention",
    "has_problem hepatic-impairment",
    "has_problem heavy-alcohol-use",
    "has_problem respiratory-depression-risk",
    "qtc_measured_at_least 500",
    "drug_misuse_history",
    "pregnant",
    "kidney_function_at_least 30",
    "blood_pressure_below systolic 160, diastolic 100",
)


def _with_order(order: Order) -> Library:
    """The library with one order replaced wherever it is offered."""

    def changed(card: Recommendation) -> Recommendation:
        suggestions = tuple(replace(s, order=order) if s.order and s.order.id == order.id else s for s in card.suggestions)
        return replace(card, suggestions=suggestions)

    return replace(LIBRARY, recommendations=tuple(changed(card) for card in LIBRARY.recommendations))


def _without(order: Order, text: str) -> Order:
    when, unless = (tuple(line for line in part if line.text != text) for part in (order.when, order.unless))
    return replace(order, when=when, unless=unless)


@cache
def _charts(start: bytes) -> Sequence[Story]:
    random = Random(7)
    return [story_of(start + random.randbytes(LENGTH)) for _ in range(_CHARTS)]


@cache
def _candidates(order_id: str) -> Sequence[Story]:
    """Calm charts with an opioid selected, to whom an order without any line would be offered."""
    order = replace(LIBRARY.orders[order_id], when=(), unless=())
    service = Desk(_with_order(order))
    labels = {band.label for band in order.bands}
    theme = THEMES.index("tendon" if order_id == "naproxen" else "opioid")
    return [
        s for s in _charts(bytes((theme, 0, 0))) if any(_offered(card, labels) for card in service.ask(s.request).cards.values())
    ]


def _offered(card: dict[str, Any], labels: set[str]) -> bool:
    described = [action["description"] for s in card.get("suggestions", ()) for action in s["actions"]]
    return any(text.endswith(label) for text in described for label in labels)


def _lines_of(order: Order) -> list[str]:
    banded = {line.text for band in order.bands for line in band.when}  # what every band asks for as well
    return [line.text for line in (*order.when, *order.unless) if line.text in _LINES and line.text not in banded]


_MUTANTS = [(name, line) for name in _ORDERS for line in _lines_of(LIBRARY.orders[name])]


@pytest.mark.parametrize(("order_id", "line"), _MUTANTS)
def test_an_order_that_loses_a_line_of_the_medicine_table_is_noticed(order_id: str, line: str) -> None:
    service = Desk(_with_order(_without(LIBRARY.orders[order_id], line)))
    assert any("no_contraindicated" in f for story in _candidates(order_id) for f in faults(story, service.ask(story.request)))


def test_a_dose_band_that_loses_its_lines_is_noticed() -> None:
    order = LIBRARY.orders["gabapentin"]
    service = Desk(_with_order(replace(order, bands=(replace(order.bands[0], when=()), *order.bands[1:]))))
    assert any("start dose" in f for story in _candidates("gabapentin") for f in faults(story, service.ask(story.request)))


def _some_fault(service: Desk, name: str, start: bytes = b"") -> bool:
    return any(f.startswith(name) for story in _charts(start) for f in faults(story, service.ask(story.request)))


def test_advice_without_its_gates_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        gates = decide.GATES[Kind.ADVICE]
        with monkeypatch.context() as patch:
            patch.setitem(decide.GATES, Kind.ADVICE, gates[:number] + gates[number + 1 :])
            assert _some_fault(desk(), "no_advice_where_it_is_off"), gates[number]


def test_deleting_a_renewal_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Composer, "_may_go", lambda self, draft: True)
    assert _some_fault(desk(), "nothing_active_is_stopped", bytes(1))


@pytest.mark.parametrize("change", [{"detail": "No red flags."}, {"detail": "She is not pregnant, normal kidney function."}])
def test_a_claim_is_noticed(change: dict[str, str]) -> None:
    cards = tuple(replace(card, **change) for card in LIBRARY.recommendations)  # type: ignore[arg-type]
    assert _some_fault(Desk(replace(LIBRARY, recommendations=cards)), "no_text_claims")


def test_a_long_summary_is_noticed() -> None:
    cards = tuple(replace(card, summary="x" * 140) for card in LIBRARY.recommendations)
    assert _some_fault(Desk(replace(LIBRARY, recommendations=cards)), "cards_are_well_formed")


def test_a_gap_that_is_taken_for_an_absence_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_of(name: str) -> Callable[..., Any]:
        return lambda self, *sections: tuple(g for g in self.gaps if g.section in sections and g.section != name)

    for section in ("medicines", "allergies", "readings", "contacts"):
        with monkeypatch.context() as patch:
            patch.setattr(Chart, "unread", none_of(section))
            assert any(_grows(story, number) for number, story in enumerate(_charts(b""))), section


def _grows(story: Story, number: int) -> bool:
    less, kind = with_less(story, number, number // 7)
    base, after = desk().ask(story.request), desk().ask(less)
    return bool(kind) and (any(growth(base, after)) or bool(faults(replace(story, lost=story.lost | {kind}), after)))
