"""The switches of a deployment, and the pages of the cards."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from cds_service import create_app, packaged_cards
from cds_service.check import CASE_DAY, case_settings
from cds_service.config import Settings
from cds_service.content.case_charts import request_for
from cds_service.content.loader import load

LIBRARY = load(packaged_cards())
CARDS = [r.id for r in LIBRARY.recommendations]


def client(**settings: Any) -> FlaskClient:
    return create_app(replace(case_settings(), **settings), LIBRARY).test_client()


def shown(service: FlaskClient, hook: str, given: dict[str, Any]) -> list[str]:
    body = request_for(LIBRARY.terminology, given, hook, CASE_DAY)
    answer = service.post(f"/cds-services/posterior-hip-pain-{hook}", json=body)
    assert answer.status_code == 200
    return [card["source"]["topic"]["code"] for card in answer.get_json()["cards"]]


GABAPENTIN_FOR_SCIATICA = {"egfr": 90, "problems": ["sciatica"], "ordering": "gabapentin"}
OPIOID_FIRST = {"egfr": 90, "problems": ["deep-gluteal-syndrome"], "ordering": "oxycodone"}


def test_the_radiculopathy_rule_can_be_switched_off() -> None:
    assert shown(client(), "order-select", GABAPENTIN_FOR_SCIATICA) == ["radiculopathy-drug-evidence"]
    assert shown(client(radiculopathy_rule="off"), "order-select", GABAPENTIN_FOR_SCIATICA) == []


def test_switched_off_it_still_offers_no_gabapentinoid_for_sciatica_alone() -> None:
    assert shown(client(radiculopathy_rule="off"), "order-select", OPIOID_FIRST | {"problems": ["sciatica"]}) == []


def test_advice_appears_on_signing_only_where_the_site_wants_it() -> None:
    assert shown(client(), "order-sign", OPIOID_FIRST) == []
    assert shown(client(advice_on_order_sign=True), "order-sign", OPIOID_FIRST) == ["first-line-before-opioid"]


def test_on_signing_advice_reads_what_it_needs() -> None:
    services = client(advice_on_order_sign=True).get("/cds-services").get_json()["services"]
    (sign,) = [s for s in services if s["hook"] == "order-sign"]
    assert "AllergyIntolerance" in sign["prefetch"]
    assert "DiagnosticReport" in sign["prefetch"]


def test_the_cap_is_a_setting() -> None:
    given = {"problems": ["deep-gluteal-syndrome"]}
    assert shown(client(max_info_cards=(0, 0)), "patient-view", given) == []
    assert shown(client(max_info_cards=(1, 0)), "patient-view", given) == ["physio-start-general"]


def test_the_cap_never_cuts_warnings() -> None:
    assert shown(client(max_info_cards=(0, 0)), "order-select", OPIOID_FIRST) == ["first-line-before-opioid"]


def test_without_a_public_url_links_follow_the_request() -> None:
    body = request_for(LIBRARY.terminology, {"problems": ["deep-gluteal-syndrome"]}, "patient-view", CASE_DAY)
    answer = client().post("/cds-services/posterior-hip-pain-patient-view", json=body, base_url="https://cds.example")
    assert answer.get_json()["cards"][0]["source"]["url"] == "https://cds.example/cards/physio-start-general"


def test_a_public_url_with_a_prefix_is_used_for_links() -> None:
    body = request_for(LIBRARY.terminology, {"problems": ["deep-gluteal-syndrome"]}, "patient-view", CASE_DAY)
    service = client(public_url="https://gate.example/hip")
    card = service.post("/cds-services/posterior-hip-pain-patient-view", json=body).get_json()["cards"][0]
    assert card["source"]["url"] == "https://gate.example/hip/cards/physio-start-general"
    assert card["links"][-1] == {"label": "About this card", "url": card["source"]["url"], "type": "absolute"}


@pytest.mark.parametrize("card_id", CARDS)
def test_every_card_has_a_page_that_says_what_its_file_says(card_id: str) -> None:
    answer = client().get(f"/cards/{card_id}")
    page = answer.get_data(as_text=True)
    card = next(r for r in LIBRARY.recommendations if r.id == card_id)
    assert answer.status_code == 200
    assert answer.mimetype == "text/html"
    assert card.summary in page.replace("&#39;", "'").replace("&amp;", "&")
    for line in (*card.when, *card.unless):
        assert f"<code>{line.text}</code>" in page
    for link in card.links:
        assert link.url in page
    assert card.evidence.strength in page
    assert "{" not in re.sub(r"<style>.*?</style>", "", page, flags=re.S), "a placeholder is left open"
    assert not re.search(r"<(script|img|iframe)|(?:src|@import)\s*=?\s*[\"']?http", page)


def test_an_unknown_card_page_is_an_outcome_not_html() -> None:
    answer = client().get("/cards/nothing")
    assert (answer.status_code, answer.mimetype) == (404, "application/json")
    assert answer.get_json()["resourceType"] == "OperationOutcome"


def test_a_draft_card_is_not_served_but_has_a_page_and_a_retired_one_has_neither() -> None:
    examined = {"problems": ["deep-gluteal-syndrome"], "readings": [{"is": "examination", "days": 10}]}
    assert shown(client(), "patient-view", examined) == ["physio-start-general"]
    for status, page in (("draft", 200), ("retired", 404)):
        library = replace(LIBRARY, statuses={**LIBRARY.statuses, "physio-start-general": status})
        service = create_app(case_settings(), library).test_client()
        assert shown(service, "patient-view", examined) == []
        assert service.get("/cards/physio-start-general").status_code == page


def test_discovery_is_the_same_on_every_call_and_start_disc_14() -> None:
    assert client().get("/cds-services").data == client().get("/cds-services").data


def test_the_defaults_of_the_settings_are_those_of_the_cases() -> None:
    assert replace(case_settings(), now=None, log_level="INFO") == Settings()
