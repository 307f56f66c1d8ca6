"""Fixtures of the conformance tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import conformance_support as support
import pytest
from flask.testing import FlaskClient


@pytest.fixture(scope="session")
def client() -> FlaskClient:
    """The service with its default settings on the day of the cases."""
    return support.service()


@pytest.fixture(scope="session")
def exchanges() -> list[support.Exchange]:
    """Every case of every card, answered once."""
    return support.run_all_cases()


@pytest.fixture(scope="session")
def cards(exchanges: list[support.Exchange]) -> list[tuple[str, dict[str, Any]]]:
    """Every card of the matrix with the name of its case."""
    return [(exchange.name, card) for exchange in exchanges for card in exchange.cards]


@pytest.fixture(scope="session")
def suggestions(cards: list[tuple[str, dict[str, Any]]]) -> list[tuple[str, dict[str, Any]]]:
    return [(name, suggestion) for name, card in cards for suggestion in card.get("suggestions", [])]


@pytest.fixture(scope="session")
def actions(suggestions: list[tuple[str, dict[str, Any]]]) -> list[tuple[str, dict[str, Any]]]:
    return [(name, action) for name, suggestion in suggestions for action in suggestion["actions"]]


@pytest.fixture
def ehr() -> Iterator[support.Ehr]:
    """A FHIR server on loopback that remembers what it was asked."""
    yield from support.serve_ehr()


@pytest.fixture
def other_ehr() -> Iterator[support.Ehr]:
    yield from support.serve_ehr()
