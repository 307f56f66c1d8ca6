"""Extensions: none are sent, none are minded."""

from __future__ import annotations

from itertools import pairwise

import conformance_support as support
import pytest

CODING = {"code", "system", "display"}
MEMBERS = {
    "answer": {"cards"},
    "card": {"uuid", "summary", "detail", "indicator", "source", "suggestions", "selectionBehavior", "overrideReasons", "links"},
    "source": {"label", "url", "icon", "topic"},
    "suggestion": {"label", "uuid", "isRecommended", "actions"},
    "action": {"type", "description", "resource", "resourceId"},
    "link": {"label", "url", "type", "appContext", "autolaunchable"},
}
DISCOVERED = {"hook", "title", "description", "id", "prefetch", "usageRequirements", "version", "hookVersion"}
EXTENSIONS = {
    "an object": {"org.example.x": {"a": 1}},
    "an array": [{"url": "https://example.org/x", "valueString": "y"}],
    "a text": "x",
    "null": None,
}
PLACES = {
    "root": lambda body: body,
    "context": lambda body: body["context"],
    "prefetch": lambda body: body["prefetch"],
    "authorization": lambda body: body["fhirAuthorization"],
    "draft orders": lambda body: body["context"]["draftOrders"],
    "a draft": lambda body: body["context"]["draftOrders"]["entry"][0]["resource"],
    "the patient": lambda body: body["prefetch"]["Patient"],
    "a condition": lambda body: body["prefetch"]["Condition"]["entry"][0]["resource"],
    "a coding": lambda body: body["prefetch"]["Condition"]["entry"][0]["resource"]["code"]["coding"][0],
}


def unknown_members(kind, value):
    return set(value) - MEMBERS[kind]


def test_answers_have_defined_members_only_ext_03(exchanges):
    for exchange in exchanges:
        if exchange.status != 200:
            continue
        assert not unknown_members("answer", exchange.answer), exchange.name
        for card in exchange.cards:
            assert not unknown_members("card", card), exchange.name
            assert not unknown_members("source", card["source"])
            assert set(card["source"]["topic"]) <= CODING
            assert all(set(reason) <= CODING for reason in card.get("overrideReasons", []))
            assert not any(unknown_members("link", link) for link in card.get("links", []))
            for suggestion in card.get("suggestions", []):
                assert not unknown_members("suggestion", suggestion)
                assert not any(unknown_members("action", action) for action in suggestion["actions"])


def test_discovery_has_defined_members_only_ext_03(client):
    body = client.get("/cds-services").json
    assert set(body) == {"services"}
    assert all(set(service) <= DISCOVERED for service in body["services"])


def test_no_extension_is_sent_ext_01_ext_02(client, exchanges):
    assert not any('"extension"' in exchange.text for exchange in exchanges)
    assert '"extension"' not in client.get("/cds-services").text


@pytest.fixture
def body():
    authorization = {"access_token": "t", "token_type": "Bearer", "expires_in": 300, "scope": "patient/*.rs", "subject": "cds"}
    request = support.on_pathway("order-select", medicines=["lorazepam"], egfr=80)
    return request | {"fhirServer": "http://127.0.0.1:9/fhir", "fhirAuthorization": authorization}


@pytest.mark.parametrize("value", EXTENSIONS.values(), ids=EXTENSIONS)
@pytest.mark.parametrize("place", PLACES)
def test_an_extension_in_any_form_and_place_changes_nothing_ext_04_req_12(client, body, place, value):
    expected = support.unnamed(support.call(client, body).json)
    assert expected["cards"]
    PLACES[place](body)["extension"] = value
    assert support.unnamed(support.call(client, body).json) == expected


@pytest.mark.parametrize("place", PLACES)
def test_unknown_members_in_any_place_change_nothing_req_12(client, body, place):
    expected = support.unnamed(support.call(client, body).json)
    PLACES[place](body).update({"newInMinorVersion": {"a": [1, None]}, "x-vendor": "y", "": 5, "hook2": "patient-view"})
    assert support.unnamed(support.call(client, body).json) == expected


# -- the same request, the same answer --------------------------------------------------------------------------------------


def test_the_same_request_twice_gives_the_same_answer(client, exchanges):
    for exchange in exchanges:
        again = support.call(client, exchange.body)
        assert support.unnamed(again.json) == support.unnamed(exchange.answer), exchange.name


@pytest.mark.parametrize("turn", [1, -1], ids=["rotated", "reversed"])
def test_the_order_of_prefetched_entries_does_not_matter(client, exchanges, turn):
    for exchange in exchanges:
        body = support.changed(exchange.body, {})
        for value in body["prefetch"].values():
            entries = value.get("entry", [])
            value["entry"] = entries[::-1] if turn < 0 else entries[turn:] + entries[:turn]
            if not entries:
                del value["entry"]
        assert support.unnamed(support.call(client, body).json) == support.unnamed(exchange.answer), exchange.name


TIED = {
    "kidney results": (("33914-3", {"valueQuantity": {"value": 90, "unit": "mL/min/{1.73_m2}"}}), {"egfr": 45}),
    "weights": (("29463-7", {"valueQuantity": {"value": 48, "unit": "kg"}}), {"creatinine": 1.2, "weight": 95}),
}


@pytest.mark.parametrize("tied", TIED)
def test_two_results_of_one_day_give_one_answer_in_either_order(client, tied):
    (code, value), given = TIED[tied]
    order = {"is": "gabapentin", "mg": 600, "times": 3}
    body = support.request("order-sign", age=72, problems=["deep-gluteal-syndrome"], ordering=order, **given)
    entries = body["prefetch"]["Observation"]["entry"]
    second = (
        entries[-1]["resource"] | {"id": "second", "code": {"coding": [{"system": "http://loinc.org", "code": code}]}} | value
    )
    entries.append({"resource": second})
    first = support.unnamed(support.call(client, body).json)
    entries.reverse()
    assert support.unnamed(support.call(client, body).json) == first


def test_the_order_of_drafts_changes_no_card(client, exchanges):
    for exchange in exchanges:
        drafts = exchange.body["context"].get("draftOrders", {}).get("entry", [])
        if exchange.status == 200 and len(drafts) > 1:
            body = support.changed(exchange.body, {"context.draftOrders.entry": drafts[::-1]})
            shown = [(c["source"]["topic"]["code"], c["indicator"]) for c in support.call(client, body).json["cards"]]
            assert shown == [(c["source"]["topic"]["code"], c["indicator"]) for c in exchange.cards], exchange.name


def test_cards_are_sorted_by_urgency_of_their_rank_card_16(exchanges):
    ranks = {r.id: r.rank for r in support.library().recommendations}
    for exchange in exchanges:
        shown = [ranks[card["source"]["topic"]["code"]] for card in exchange.cards]
        assert all(a < b for a, b in pairwise(shown)), exchange.name
