"""Over generated charts the service never does what would harm, whatever the chart holds.

Each chart is answered five times: as it is, with something irrelevant, in another order, and with one kind of resource lost.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import given, note, seed
from hypothesis import strategies as st

from .answers import Answer, Desk, comparable, desk
from .certainty import growth
from .charts import story_of
from .checks import faults
from .codes import LIBRARY
from .story import Story
from .tape import LENGTH
from .variants import shuffled, with_less, with_noise

TAPES = st.binary(min_size=LENGTH, max_size=LENGTH)
_REACH = 6_000  # charts; every card of the library must be among their answers


def all_faults(story: Story, tape: bytes, service: Desk) -> tuple[Answer, list[str]]:
    """The answer to a chart, and every property that it or one of its variants breaks."""
    answer, random = service.ask(story.request), Random(tape)
    found = faults(story, answer)
    told = comparable(answer)
    if comparable(service.ask(with_noise(story.request, random))) != told:
        found.append("an irrelevant resource changes the answer")
    if comparable(service.ask(shuffled(story.request, random))) != told:
        found.append("the order of resources or codings changes the answer")
    less, kind = with_less(story, tape[0], tape[1])
    if kind:
        found += [f"without {kind}: {fault}" for fault in growth(answer, service.ask(less))]
    return answer, found


def _reached(answer: Answer, reached: Counter[str]) -> None:
    for card_id, card in answer.cards.items():
        reached[f"card {card_id}"] += 1
        for suggestion in card.get("suggestions", ()):
            reached[f"offer {suggestion['label']}"] += 1


def test_every_property_holds_on_every_chart(part: int, record_property: Callable[[str, object], None]) -> None:
    """No contraindicated medicine is offered, no gabapentinoid beside an opioid or benzodiazepine, nothing active is stopped,
    no advice for children, unknown ages, beside red flags or in palliative care, no text claims what is not known, what is
    irrelevant changes nothing, nor does the order, and less to read never makes the service more certain."""
    reached = Counter[str]()

    @seed(part)
    @given(TAPES)
    def hold(tape: bytes) -> None:
        story = story_of(tape[2:])
        answer, found = all_faults(story, tape, desk())
        reached["charts"] += 1
        _reached(answer, reached)
        if found:
            note(json.dumps(story.request, indent=1))
            note(repr(story))
        assert not found, "\n".join(found)

    hold()
    for name, number in reached.items():
        record_property(name, number)


_FORMS = [(order.id, band) for order in LIBRARY.orders.values() for band in order.bands]
_MERGED = {"note", "dispenseRequest"}  # members in which a change keeps something of the draft that it changes


def _orders_of(action: dict[str, Any]) -> set[str]:
    """The orders of the library that this action was made from."""
    named = [(name, band) for name, band in _FORMS if action["description"].endswith(f" {band.label}")]
    if len(named) == 1 or action["type"] == "update":
        return {name for name, _ in named}
    fixed = [(name, {k: v for k, v in band.template.items() if k not in band.dated | _MERGED}) for name, band in named]
    return {name for name, members in fixed if all(action["resource"].get(key) == value for key, value in members.items())}


@pytest.fixture(scope="module")
def reached() -> Counter[str]:
    """What a plain random sample of the same charts comes to."""
    found, orders, random = Counter[str](), Counter[str](), Random(20260302)
    for _ in range(_REACH):
        answer = desk().ask(story_of(random.randbytes(LENGTH)).request)
        _reached(answer, found)
        for card in answer.cards.values():
            for suggestion in card.get("suggestions", ()):
                drafted = [action for action in suggestion["actions"] if "resource" in action]
                orders.update(f"order {order}" for action in drafted for order in _orders_of(action))
    return found + orders


def test_the_charts_reach_every_card(reached: Counter[str]) -> None:
    """Where a card is never shown, nothing was tested: then the generator needs what triggers that card."""
    cards = [r.id for r in LIBRARY.recommendations if LIBRARY.statuses[r.id] == "active"]
    print({card: reached[f"card {card}"] for card in cards})
    assert [card for card in cards if reached[f"card {card}"] < 5] == []


def test_the_charts_reach_every_order(reached: Counter[str]) -> None:
    offered = {
        suggestion.order.id
        for recommendation in LIBRARY.recommendations
        for suggestions in (recommendation.suggestions, *(v.suggestions or () for v in recommendation.variants))
        for suggestion in suggestions
        if suggestion.order and LIBRARY.statuses[recommendation.id] == "active"
    }
    assert sorted(order for order in offered if not reached[f"order {order}"]) == []
