"""What all tests share."""

from __future__ import annotations

import socket

import pytest


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@pytest.fixture
def free_port() -> int:
    """A port on loopback that nobody listens on."""
    return _free_port()


@pytest.fixture(scope="module")
def module_port() -> int:
    """The same, one for a whole module."""
    return _free_port()
