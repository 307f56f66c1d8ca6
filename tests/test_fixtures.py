"""The charts, requests and answers of ``fhir_fixtures``: valid, ageless, and never behind the cards."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime

import pytest

from cds_service.config import Settings
from cds_service.demo.personas import Charts, fixtures_folder, render
from cds_service.demo.record import CLOCK, PUBLIC_URL, RECORDED, answer_to, hook_request, record, recording_app, recordings
from cds_service.explain import explain
from cds_service.fhir.orders import problems_with

FOLDER = fixtures_folder()
CHARTS = Charts.load(FOLDER)
PERSONAS = [persona.id for persona in CHARTS.personas]
A_DAY = date(2026, 3, 2)


def load(kind: str, name: str):
    return json.loads((FOLDER / kind / f"{name}.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def recorded():
    """Every recording as the service makes it now: name to request and answer."""
    return {name: (request, answer) for name, request, answer in recordings(recording_app())}


# -- recordings -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", RECORDED)
def test_recorded_requests_are_what_a_client_sends_for_the_persona(recorded, name):
    assert load("requests", name) == recorded[name][0], "run: python -m cds_service.demo.record"


@pytest.mark.parametrize("name", RECORDED)
def test_recorded_answers_are_what_the_service_says(recorded, name):
    assert load("responses", name) == recorded[name][1], "read the difference, then run: python -m cds_service.demo.record"


@pytest.mark.parametrize("kind", ["requests", "responses"])
def test_no_file_is_left_over(kind):
    assert {path.stem for path in (FOLDER / kind).iterdir()} == set(RECORDED)


def test_recording_writes_the_files_as_they_stand(tmp_path):
    for kind in ("requests", "responses"):
        (tmp_path / kind).mkdir()
    record(tmp_path)
    for kind in ("requests", "responses"):
        for path in (tmp_path / kind).iterdir():
            assert path.read_text(encoding="utf-8") == (FOLDER / kind / path.name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", RECORDED)
def test_a_request_can_be_explained_as_it_stands(name):
    text, status = explain((FOLDER / "requests" / f"{name}.json").read_bytes(), Settings(now=CLOCK), as_json=False)
    assert status == 0
    assert "Evaluated for 2026-03-02." in text
    for card in load("responses", name)["cards"]:
        assert f"{card['source']['topic']['code']}: shown, {card['indicator']}" in text


def test_answers_hold_nothing_that_changes_from_run_to_run(recorded):
    again = {name: answer for name, _, answer in recordings(recording_app())}
    assert again == {name: answer for name, (_, answer) in recorded.items()}


def test_links_of_the_answers_do_not_depend_on_the_host():
    for name in RECORDED:
        for card in load("responses", name)["cards"]:
            assert card["source"]["url"] == f"{PUBLIC_URL}/cards/{card['source']['topic']['code']}"


# -- what the recordings show ---------------------------------------------------------------------------------------------


def cards(name: str):
    return {card["source"]["topic"]["code"]: card for card in load("responses", name)["cards"]}


def test_an_opioid_for_piriformis_syndrome_is_answered_with_three_alternatives_or_its_removal():
    card = cards("piriformis-order-select")["first-line-before-opioid"]
    assert [s["label"].split()[0] for s in card["suggestions"]] == ["Nortriptyline", "Duloxetine", "Gabapentin", "Remove"]
    assert [[a["type"] for a in s["actions"]] for s in card["suggestions"]] == [["create", "delete"]] * 3 + [["delete"]]


def test_gabapentin_at_an_egfr_of_45_is_too_much():
    card = cards("kidney-order-sign")["gabapentinoid-renal-dose"]
    assert card["indicator"] == "warning"
    assert "eGFR 45" in card["detail"]


def test_the_red_flag_stands_alone():
    assert {code: card["indicator"] for code, card in cards("red-flag-patient-view").items()} == {
        "red-flag-cauda-equina": "critical"
    }


def test_signing_adds_naloxone_for_who_is_at_risk():
    assert list(cards("benzodiazepine-order-sign")) == ["opioid-benzodiazepine", "naloxone-coprescribe"]
    assert "naloxone-coprescribe" not in cards("benzodiazepine-order-select")


def test_three_months_without_benefit_offer_an_injection_and_imaging():
    assert list(cards("three-months-patient-view")) == ["injection-after-failed-conservative", "imaging-when-refractory"]
    assert "Day 92" in cards("three-months-patient-view")["imaging-when-refractory"]["detail"]


def test_naproxen_at_an_egfr_of_26_is_answered_with_a_gel_or_its_removal():
    card = cards("nsaid-order-select")["nsaid-safety"]
    assert card["indicator"] == "critical"
    assert "eGFR 26" in card["detail"]
    assert [[a["type"] for a in s["actions"]] for s in card["suggestions"][:2]] == [["delete"], ["create", "delete"]]


def test_a_child_gets_no_advice_for_adults():
    assert {code: card["indicator"] for code, card in cards("child-patient-view").items()} == {
        "paediatric-hip-red-flag": "critical"
    }


def test_the_healthy_persona_has_no_card():
    assert load("responses", "healthy-patient-view") == {"cards": []}


def test_a_refused_medication_list_is_told_and_not_taken_for_an_empty_one():
    assert list(cards("deep-gluteal-medicines-refused")) == ["first-line-before-opioid", "data-incomplete"]
    assert "could not be checked" in cards("deep-gluteal-medicines-refused")["first-line-before-opioid"]["summary"]


# -- validity -------------------------------------------------------------------------------------------------------------


def test_every_resource_of_every_chart_is_valid_fhir_r4():
    faults = {r["id"]: found for listed in CHARTS.on(A_DAY).values() for r in listed if (found := problems_with(r))}
    assert faults == {}


def test_every_offered_resource_is_valid_fhir_r4():
    offered = [
        action["resource"]
        for name in RECORDED
        for card in load("responses", name)["cards"]
        for suggestion in card.get("suggestions", ())
        for action in suggestion["actions"]
        if "resource" in action
    ]
    assert len(offered) > 10
    assert [found for resource in offered if (found := problems_with(resource))] == []


def test_every_prefetched_bundle_and_draft_is_valid_fhir_r4():
    for name in RECORDED:
        request = load("requests", name)
        drafts = request["context"].get("draftOrders")
        for resource in [*request["prefetch"].values(), *([drafts] if drafts else [])]:
            assert problems_with(resource) == [], name


def test_ids_are_unique_and_every_resource_belongs_to_its_persona():
    listed = [resource for resources in CHARTS.on(A_DAY).values() for resource in resources]
    assert len({(r["resourceType"], r["id"]) for r in listed}) == len(listed)
    for identity in PERSONAS:
        for entry in load(f"patients/{identity}", "chart")["entry"]:
            resource = entry["resource"]
            if resource["resourceType"] == "Patient":
                assert resource["id"] == identity
                assert resource["name"][0]["given"]
            else:
                assert resource["subject"] == {"reference": f"Patient/{identity}"}


def test_problems_have_what_the_public_sandbox_shows():
    for condition in CHARTS.on(A_DAY)["Condition"]:
        assert condition["code"]["text"]
        assert condition["code"]["coding"][0]["code"]


def test_every_folder_of_patients_is_a_persona():
    assert {path.name for path in (FOLDER / "patients").iterdir()} == set(PERSONAS)


# -- dates ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "day"),
    [
        ("@today", "2026-03-02"),
        ("@today-20d", "2026-02-10"),
        ("@today+7d", "2026-03-09"),
        ("@today-20dT10:00", "2026-02-10T10:00:00+00:00"),
        ("@todayT10:00", "2026-03-02T10:00:00+00:00"),
        ("@birthday-54y/03-02", "1972-03-02"),
        ("@birthday-54y/03-03", "1971-03-03"),
        ("@birthday-54y/01-31", "1972-01-31"),
        ("today", "today"),
    ],
)
def test_date_words(word, day):
    assert render({"x": [word]}, A_DAY) == {"x": [day]}


@pytest.mark.parametrize("word", ["@yesterday", "@today-20", "@today-2w", "@birthday-54y", "@birthday-54y/02-30"])
def test_a_date_word_with_a_slip_is_refused(word):
    with pytest.raises(ValueError, match=r"date word|day is out of range"):
        render({"onsetDateTime": word}, A_DAY)


def test_no_chart_holds_a_fixed_date():
    for identity in PERSONAS:
        text = (FOLDER / "patients" / identity / "chart.json").read_text(encoding="utf-8")
        assert re.search(r"\d{4}-\d\d", text) is None


def answers(clock: datetime) -> dict[tuple[str, str], list[tuple[str, str, tuple[str, ...]]]]:
    """Card, level and offers of every persona on every hook, at this moment."""
    client = recording_app(clock)
    return {
        (identity, hook): [
            (c["source"]["topic"]["code"], c["indicator"], tuple(s["label"] for s in c.get("suggestions", ())))
            for c in answer_to(client, hook_request(client, identity, hook))["cards"]
        ]
        for identity in PERSONAS
        for hook in ("patient-view", "order-select", "order-sign")
    }


def test_charts_do_not_age():
    first = answers(CLOCK)
    assert first == answers(CLOCK.replace(year=2027))
    assert first == answers(datetime(2028, 2, 29, 23, 30, tzinfo=UTC))
    assert first == answers(datetime(2031, 12, 31, 0, 1, tzinfo=UTC))
