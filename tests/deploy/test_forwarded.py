"""Whose word counts for the address of this service: nobody's, the proxies', or the operator's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from deploy_support import REQUEST, VIEW
from flask import Flask, request

from cds_service import create_app, packaged_cards
from cds_service.check import case_settings
from cds_service.content.loader import load

LIBRARY = load(packaged_cards())
FORWARDED = {
    "X-Forwarded-For": "203.0.113.9, 198.51.100.7",
    "X-Forwarded-Proto": "http, https",
    "X-Forwarded-Host": "evil.example, cds.north.example",
    "X-Forwarded-Port": "81, 443",
    "X-Forwarded-Prefix": "/evil, /hip",
}


def application(**settings: Any) -> Flask:
    return create_app(replace(case_settings(), **settings), LIBRARY)


def first_link(app: Flask) -> str:
    answer = app.test_client().post(VIEW, json=REQUEST, headers=FORWARDED, base_url="http://10.0.0.5:8000")
    link: str = answer.get_json()["cards"][0]["source"]["url"]
    return link.partition("/cards/")[0]


@pytest.mark.parametrize(
    ("proxies", "base"),
    [
        (0, "http://10.0.0.5:8000"),
        (1, "https://cds.north.example/hip"),  # what the nearest proxy says
        (2, "http://evil.example:81/evil"),  # one believed too many: the first entry is the caller's own
    ],
)
def test_as_many_proxies_are_believed_as_the_setting_says(proxies: int, base: str) -> None:
    assert first_link(application(trusted_proxies=proxies)) == base


@pytest.mark.parametrize("proxies", [0, 1, 2])
def test_the_public_address_of_the_settings_wins(proxies: int) -> None:
    settings = {"trusted_proxies": proxies, "public_url": "https://cds.example/hip"}
    assert first_link(application(**settings)) == "https://cds.example/hip"


@pytest.mark.parametrize(("proxies", "address"), [(0, "10.9.9.9"), (1, "198.51.100.7"), (2, "203.0.113.9")])
def test_the_address_of_a_caller_is_that_of_the_last_one_that_is_not_trusted(proxies: int, address: str) -> None:
    app = application(trusted_proxies=proxies)
    app.add_url_rule("/who", view_func=lambda: request.remote_addr or "")
    answer = app.test_client().get("/who", headers=FORWARDED, environ_base={"REMOTE_ADDR": "10.9.9.9"})
    assert answer.get_data(as_text=True) == address


def test_a_proxy_that_says_less_than_expected_is_not_believed_in_part_of_the_chain() -> None:
    """Two are trusted and one entry came: somebody called past the outer proxy."""
    app = application(trusted_proxies=2)
    app.add_url_rule("/who", view_func=lambda: request.remote_addr or "")
    answer = app.test_client().get("/who", headers={"X-Forwarded-For": "203.0.113.9"}, environ_base={"REMOTE_ADDR": "10.9.9.9"})
    assert answer.get_data(as_text=True) == "10.9.9.9"
