"""Cards."""

from __future__ import annotations

import re
import uuid

import conformance_support as support
import pytest
from markdown_it import MarkdownIt

TRICKY = "oxycodone <img src=x onerror=alert(1)> **x** [link](javascript:alert(2)) `code` | cell\n# heading"


def is_lower_case_uuid_4(text):
    return uuid.UUID(text).version == 4 and str(uuid.UUID(text)) == text


def is_absolute(url):
    return re.fullmatch(r"https?://[^/?#\s]+[^\s]*", url) is not None


def test_every_200_answer_has_an_array_of_cards_card_01(exchanges):
    answered = [e for e in exchanges if e.status == 200]
    assert answered
    assert all(isinstance(e.answer["cards"], list) for e in answered)


def test_summary_is_under_140_characters_card_02(cards):
    for name, card in cards:
        assert 0 < len(card["summary"]) < 140, name
        assert "\n" not in card["summary"]


def test_every_summary_of_the_content_is_under_140_characters_card_02():
    for recommendation in support.library().recommendations:
        texts = [recommendation.summary, *(v.summary for v in recommendation.variants if v.summary)]
        assert all(len(text) < 140 for text in texts), recommendation.id


def test_indicator_is_one_of_three_card_03(cards):
    assert {card["indicator"] for _, card in cards} == {"info", "warning", "critical"}


def test_source_has_a_label_card_04(cards):
    assert all(card["source"]["label"].strip() for _, card in cards)


def test_source_url_is_absolute_and_leads_to_the_page_of_the_card_card_05(client, cards):
    for _, card in cards:
        url = card["source"]["url"]
        assert is_absolute(url)
        assert url.endswith(f"/cards/{card['source']['topic']['code']}")
    for url in {card["source"]["url"] for _, card in cards}:
        page = client.get(url)
        assert page.status_code == 200
        assert page.content_type.startswith("text/html")


def test_no_icon_is_promised_card_06(cards):
    assert not any("icon" in card["source"] for _, card in cards)


def test_topic_is_a_coding_with_the_id_of_the_card_card_07_card_18(cards):
    for _, card in cards:
        topic = card["source"]["topic"]
        assert set(topic) == {"system", "code", "display"}
        assert all(isinstance(value, str) and value.strip() for value in topic.values())
        assert is_absolute(topic["system"])


def test_every_card_has_a_new_uuid_card_08(cards):
    uuids = [card["uuid"] for _, card in cards]
    assert all(is_lower_case_uuid_4(text) for text in uuids)
    assert len(set(uuids)) == len(uuids)


def test_the_same_call_gives_new_uuids_card_08(client):
    body = support.on_pathway("patient-view")
    first, second = ({c["uuid"] for c in support.call(client, body).json["cards"]} for _ in range(2))
    assert first
    assert not first & second


def html_in(detail):
    """Raw HTML that a client which lets HTML through would render."""
    tokens = MarkdownIt("commonmark").enable("table").parse(detail)
    inline = [child for token in tokens for child in token.children or []]
    return [token.content for token in (*tokens, *inline) if token.type in ("html_block", "html_inline")]


def test_detail_is_markdown_without_html_card_09(cards):
    for name, card in cards:
        assert card["detail"].strip()
        assert html_in(card["detail"]) == [], name


TRICKY_ORDERS = {
    "first-line-before-opioid": ("order-select", {"problems": ["piriformis-syndrome"], "ordering": TRICKY, "egfr": 90}),
    "opioid-benzodiazepine": (
        "order-sign",
        {"problems": ["piriformis-syndrome"], "ordering": TRICKY, "medicines": ["lorazepam"]},
    ),
    "opioid-gabapentinoid-respiratory": (
        "order-select",
        {"problems": ["piriformis-syndrome"], "ordering": "oxycodone", "medicines": [TRICKY.replace("oxycodone", "gabapentin")]},
    ),
    "gabapentinoid-renal-dose": (
        "order-sign",
        {"problems": ["piriformis-syndrome"], "egfr": 40, "ordering": TRICKY.replace("oxycodone", "gabapentin extended release")},
    ),
}


@pytest.mark.parametrize("card_id", TRICKY_ORDERS)
def test_words_of_the_record_are_escaped_in_detail_card_09(client, card_id):
    hook, given = TRICKY_ORDERS[card_id]
    card = support.card_of(support.call(client, support.request(hook, **given)), card_id)
    tokens = MarkdownIt("commonmark").enable("table").parse(card["detail"])
    inline = [child for token in tokens for child in token.children or []]
    assert html_in(card["detail"]) == []
    assert not any(t.type in ("link_open", "code_inline", "strong_open", "heading_open") for t in (*tokens, *inline))
    assert "\n# heading" not in card["detail"]


def test_no_line_of_a_detail_announces_a_list_that_is_empty_card_09(client, cards):
    child = support.request("patient-view", age=9, problems=["piriformis-syndrome"], unread=["MedicationRequest"])
    for card in [*(card for _, card in cards), *support.call(client, child).json["cards"]]:
        assert not re.search(r":\n\s*(\n|$)(?!\s*[-*] )", card["detail"]), card["detail"]


def test_selection_behavior_comes_with_suggestions_and_only_then_card_10(cards):
    for name, card in cards:
        assert ("selectionBehavior" in card) == ("suggestions" in card), name


def test_selection_behavior_is_a_known_value_card_11(cards):
    assert {card["selectionBehavior"] for _, card in cards if "suggestions" in card} <= {"at-most-one", "any"}


def test_at_most_one_recommended_suggestion_where_one_is_chosen_card_12(cards):
    for name, card in cards:
        if card.get("selectionBehavior") == "at-most-one":
            assert sum(s.get("isRecommended", False) for s in card["suggestions"]) <= 1, name


def test_override_reasons_are_complete_codings_card_13_card_18(cards):
    offered = [reason for _, card in cards for reason in card.get("overrideReasons", [])]
    assert offered
    for reason in offered:
        assert set(reason) == {"code", "system", "display"}
        assert all(isinstance(value, str) and value.strip() for value in reason.values())


def test_override_reasons_of_a_card_differ_card_13(cards):
    for name, card in cards:
        codes = [reason["code"] for reason in card.get("overrideReasons", [])]
        assert len(set(codes)) == len(codes), name


def test_links_and_suggestions_are_lists_that_are_not_empty_card_15(cards):
    for name, card in cards:
        for member in ("links", "suggestions", "overrideReasons"):
            assert member not in card or (isinstance(card[member], list) and card[member]), name


def test_no_two_cards_of_one_answer_are_the_same_card_16(exchanges):
    for exchange in exchanges:
        ids = [card["source"]["topic"]["code"] for card in exchange.cards]
        summaries = [card["summary"] for card in exchange.cards]
        assert len(set(ids)) == len(ids), exchange.name
        assert len(set(summaries)) == len(summaries), exchange.name
