"""Every card holds what its file promises: its cases through the whole service, and every line of it matters."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from cds_service import packaged_cards
from cds_service.check import case_failures, notices
from cds_service.content.library import Library
from cds_service.content.loader import load
from cds_service.fhir.orders import Session, as_sent, problems_with
from cds_service.pathway.recommendation import Kind, Recommendation
from cds_service.pathway.sedation import COMPANIONS
from cds_service.pathway.vocabulary import Line

LIBRARY = load(packaged_cards())
CARDS = [recommendation.id for recommendation in LIBRARY.recommendations]


def _card(card_id: str) -> Recommendation:
    return next(r for r in LIBRARY.recommendations if r.id == card_id)


def _with(changed: Recommendation) -> Library:
    """The library with one recommendation replaced."""
    return replace(LIBRARY, recommendations=tuple(changed if r.id == changed.id else r for r in LIBRARY.recommendations))


@pytest.mark.parametrize("card_id", CARDS)
def test_every_case_comes_out_as_expected(card_id: str) -> None:
    assert case_failures(LIBRARY, [card_id]) == {}


def _without_one_line() -> Iterator[tuple[str, Recommendation]]:
    """Each card with one line less, with one variant or escalation less, or without what it yields to."""
    for card in LIBRARY.recommendations:
        for part in ("when", "unless", "variants", "escalate", "suggestions"):
            lines = getattr(card, part)
            for number, line in enumerate(lines):
                less = lines[:number] + lines[number + 1 :]
                name = getattr(line, "text", str(number))
                yield f"{card.id} without {part} {name}", replace(card, **{part: less})
        for number, variant in enumerate(card.variants):
            for position in range(len(variant.when)):
                if len(variant.when) > 1:
                    fewer = replace(variant, when=variant.when[:position] + variant.when[position + 1 :])
                    variants = (*card.variants[:number], fewer, *card.variants[number + 1 :])
                    yield f"{card.id} variant {number} without line {position}", replace(card, variants=variants)
        for number, step in enumerate(card.escalate):
            for position in range(len(step.when)):
                if len(step.when) > 1:
                    fewer_steps = replace(step, when=step.when[:position] + step.when[position + 1 :])
                    escalate = (*card.escalate[:number], fewer_steps, *card.escalate[number + 1 :])
                    yield f"{card.id} escalation {number} without line {position}", replace(card, escalate=escalate)
        for other in card.yields_to:
            less_yielding = tuple(o for o in card.yields_to if o != other)
            yield f"{card.id} not yielding to {other}", replace(card, yields_to=less_yielding)


MUTANTS = dict(_without_one_line())


@pytest.mark.parametrize("name", MUTANTS)
def test_some_case_notices_when_a_line_is_lost(name: str) -> None:
    mutant = MUTANTS[name]
    assert notices(_with(mutant), mutant.id), f"no case of {mutant.id} notices: {name}"


def _moved(line: Line) -> Iterator[Line]:
    """The line with one of its numbers moved by one, either way."""
    for name, value in line.values:
        if isinstance(value, int | float):
            for step in (-1, 1):
                values = tuple((n, v + step if n == name else v) for n, v in line.values)
                yield Line(f"{line.text} with {name} {step:+}", line.entry, values)


def _with_a_moved_threshold() -> Iterator[tuple[str, Recommendation]]:
    """Each card with one number of one line moved, or with an exclusion turned into a condition."""
    for card in LIBRARY.recommendations:
        for part in ("when", "unless"):
            lines = getattr(card, part)
            for number, line in enumerate(lines):
                for moved in _moved(line):
                    yield (
                        f"{card.id} {part} {moved.text}",
                        replace(card, **{part: (*lines[:number], moved, *lines[number + 1 :])}),
                    )
        for number, line in enumerate(card.unless):
            fewer = (*card.unless[:number], *card.unless[number + 1 :])
            yield f"{card.id} inverted {line.text}", replace(card, unless=fewer, when=(*card.when, line))
        for part in ("escalate", "variants"):
            steps = getattr(card, part)
            for number, step in enumerate(steps):
                for position, line in enumerate(step.when):
                    for moved in _moved(line):
                        changed = replace(step, when=(*step.when[:position], moved, *step.when[position + 1 :]))
                        others = (*steps[:number], changed, *steps[number + 1 :])
                        yield f"{card.id} {part} {number} {moved.text}", replace(card, **{part: others})


MOVED = dict(_with_a_moved_threshold())


@pytest.mark.parametrize("name", MOVED)
def test_some_case_notices_when_a_threshold_moves_or_an_exclusion_turns(name: str) -> None:
    mutant = MOVED[name]
    assert notices(_with(mutant), mutant.id), f"no case of {mutant.id} notices: {name}"


@pytest.mark.parametrize("card_id", CARDS)
def test_a_card_has_a_case_that_fires_and_one_that_does_not(card_id: str) -> None:
    shown = {case["expect"].get("card", "none") != "none" for case in LIBRARY.cases[card_id]}
    assert shown == {True, False}


@pytest.mark.parametrize("card_id", CARDS)
def test_case_names_are_sentences_and_unique(card_id: str) -> None:
    names = Counter(case["name"] for case in LIBRARY.cases[card_id])
    assert [name for name, count in names.items() if count > 1] == []
    assert all(len(name.split()) > 1 and name[0].isupper() for name in names)


def test_every_order_of_the_folder_is_offered_by_some_card() -> None:
    offered = {s.order.id for r in LIBRARY.recommendations for s in r.suggestions if s.order}
    assert offered == set(LIBRARY.orders)


def test_every_band_of_every_order_is_a_valid_r4_resource() -> None:
    session = Session("p", "e", date(2026, 3, 2), "note", ("Condition/1",))
    for order in LIBRARY.orders.values():
        for band in order.bands:
            sent = as_sent(order.resource_type, band.template, band.dated, session, changes_only=order.changes_only)
            assert problems_with(sent) == [], order.id


@pytest.mark.parametrize("card_id", CARDS)
def test_no_text_claims_that_something_was_excluded(card_id: str) -> None:
    card = _card(card_id)
    texts = [card.summary, card.detail, *(v.detail or "" for v in card.variants), *(v.summary or "" for v in card.variants)]
    for words in ("no red flag", "normal renal", "normal kidney", "not pregnant"):
        assert not any(words in text.lower() for text in texts)


@pytest.mark.parametrize("card_id", CARDS)
def test_summaries_stay_under_140_characters_card_02(card_id: str) -> None:
    card = _card(card_id)
    assert all(len(s) < 140 for s in [card.summary, *(v.summary for v in card.variants if v.summary)])


def test_the_ceilings_that_the_dose_card_names_are_those_of_the_table() -> None:
    (line,) = [line for line in _card("gabapentinoid-renal-dose").when if line.entry.name == "dose_above_kidney_limit"]
    limits = dict(line.values)["limits"]
    assert limits.bands == (60, 30, 15, 0)
    first, *reduced = limits.ceilings["gabapentin"]
    second, *also = limits.ceilings["pregabalin"]
    detail = _card("gabapentinoid-renal-dose").detail
    gabapentin, pregabalin = "{:g} mg at 30 to 59, {:g} mg at 15 to 29, {:g} mg below 15 mL/min", "{:g}, {:g} and {:g} mg"
    assert "gabapentin: " + gabapentin.format(*reduced) in detail
    assert "pregabalin: " + pregabalin.format(*also) in detail
    assert (first, second) == (3600, 600)


# Conflict B-01 lifts the rule where a card stops harm: spreading fasciculation with weakness can be motor neurone disease.
STOPS_HARM = frozenset({"fasciculation-evaluation"})


def test_low_evidence_is_never_above_info() -> None:
    """Conflict B-01: advice with low or very low evidence stays information."""
    for card in LIBRARY.recommendations:
        if card.id in STOPS_HARM:
            continue
        if card.kind is Kind.ADVICE and card.evidence.strength.startswith(("low", "very low")):
            assert card.indicator.value == "info", card.id


def test_no_suggestion_recommends_an_opioid() -> None:
    """Conflict B-12."""
    for order in LIBRARY.orders.values():
        if order.resource_type == "MedicationRequest":
            for band in order.bands:
                if order.changes_only and "medicationCodeableConcept" not in band.template:
                    continue  # the medicine is the one that the clinician chose
                concept = band.template["medicationCodeableConcept"]
                found = LIBRARY.terminology.codes.of(concept["coding"][0]["system"], concept["coding"][0]["code"])
                assert "opioids" not in found, order.id
                assert found, f"{order.id}: its code is in no value set"


def test_what_stands_beside_a_cns_active_ingredient_is_known_as_a_companion() -> None:
    """A combination counts with its CNS-active ingredients only (older-adult-cns-load)."""
    terminology = LIBRARY.terminology
    beside = set()
    for system, code in terminology.codes.codes_of("cns-active-medicines"):
        for ingredient in terminology.ingredients_of(system, code):
            if "cns-active-medicines" not in terminology.ancestors(terminology.medicines.of(ingredient)[0]):
                beside.add(ingredient)
    assert beside <= COMPANIONS


def test_the_factors_are_those_of_the_guideline() -> None:
    """CDC 2022: a wrong factor is a wrong dose."""
    (line,) = [line for line in _card("naloxone-coprescribe").when if line.entry.name == "overdose_risk"]
    factors = dict(line.values)["factors"]
    assert factors.per_mg == {
        "codeine": 0.15,
        "tramadol": 0.2,
        "tapentadol": 0.4,
        "hydrocodone": 1,
        "morphine": 1,
        "oxycodone": 1.5,
        "oxymorphone": 3,
        "methadone": 4.7,
        "hydromorphone": 5,
    }
    assert factors.per_mcg_per_hour == {"fentanyl": 2.4}
    assert factors.left_out == {"buprenorphine"}


def test_the_content_version_changes_with_every_file(tmp_path: Path) -> None:
    folder = shutil.copytree(packaged_cards(), tmp_path / "cards")
    path = folder / "orders" / "naloxone.yaml"
    path.write_text(path.read_text() + "\n# a comment\n")
    assert load(folder).version != LIBRARY.version


def test_yaml_is_read_by_the_fast_parser() -> None:
    """An installation without it works, and starts two and a half times as slowly."""
    from ruamel.yaml import YAML
    from ruamel.yaml.cyaml import CParser

    assert YAML(typ="safe").Parser is CParser
