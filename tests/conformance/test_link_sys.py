"""Links, system actions, and the address of the service as clients see it."""

from __future__ import annotations

from urllib.parse import urlsplit

import conformance_support as support
import pytest

PREFIX = "/pain/v1"


@pytest.fixture(scope="module")
def links(cards):
    return [(name, link) for name, card in cards for link in card.get("links", [])]


def test_links_have_label_url_and_type_link_01(links):
    assert links
    for name, link in links:
        assert {"label", "url", "type"} <= set(link), name
        assert link["label"].strip()


def test_links_are_absolute_link_02_link_03(links):
    for name, link in links:
        parts = urlsplit(link["url"])
        assert link["type"] == "absolute", name
        assert parts.scheme in ("http", "https")
        assert parts.hostname


def test_no_address_holds_the_patient_link_03(client):
    body = support.on_pathway("order-select", medicines=["lorazepam"])
    body["context"] |= {"userId": "Practitioner/doctor-9", "encounterId": "visit-9"}
    cards = support.call(client, body).json["cards"]
    assert cards
    for card in cards:
        for url in [card["source"]["url"], *(link["url"] for link in card["links"])]:
            assert not any(word in url for word in (support.PATIENT, "doctor-9", "visit-9"))


def test_links_carry_no_app_context_and_are_not_launched_by_themselves_link_04_link_05(links):
    for _, link in links:
        assert set(link) == {"label", "url", "type"}


def test_links_of_one_card_differ_link_01(cards):
    for name, card in cards:
        urls = [link["url"] for link in card.get("links", [])]
        assert len(set(urls)) == len(urls), name


def test_no_system_actions_are_sent_sys_01_sys_02_sys_03_sys_04(exchanges):
    assert not any("systemActions" in exchange.text for exchange in exchanges)


def test_links_use_the_public_address_when_it_is_set_link_03():
    client = support.service(public_url="https://cds.example/pain")
    for card in support.call(client, support.on_pathway("patient-view")).json["cards"]:
        assert card["source"]["url"].startswith("https://cds.example/pain/cards/")
        assert card["links"][-1]["url"] == card["source"]["url"]


# -- below a path prefix ----------------------------------------------------------------------------------------------------


def prefixed():
    """Two ways in which a gateway adds a path: the server says so itself, or the proxy does in a header."""
    forwarded = {"X-Forwarded-Prefix": PREFIX, "X-Forwarded-Proto": "https", "X-Forwarded-Host": "cds.example"}
    yield pytest.param({}, {"base_url": f"https://cds.example{PREFIX}"}, id="script name", marks=support.in_process)
    yield pytest.param({"trusted_proxies": 1}, {"headers": forwarded}, id="trusted proxy")


@pytest.mark.parametrize(("settings", "options"), list(prefixed()))
@pytest.mark.parametrize("hook", support.HOOKS)
def test_everything_works_below_a_path_prefix_disc_01_link_03(hook, settings, options):
    client = support.service(**settings)
    services = client.get("/cds-services", **options).json["services"]
    assert services == client.get("/cds-services/", **options).json["services"]
    answer = client.post(support.path(hook), json=support.on_pathway(hook, medicines=["lorazepam"]), **options)
    assert support.card_ids(answer)
    for card in answer.json["cards"]:
        page = f"/cards/{card['source']['topic']['code']}"
        assert card["source"]["url"] == f"https://cds.example{PREFIX}{page}"
        assert client.get(page, **options).status_code == 200


def test_forwarded_headers_are_not_believed_without_a_trusted_proxy_link_03(client):
    headers = {"X-Forwarded-Prefix": "/evil", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}
    for card in support.call(client, support.on_pathway("patient-view"), headers=headers).json["cards"]:
        assert "evil" not in card["source"]["url"]
