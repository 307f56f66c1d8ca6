"""What all tests share."""

from __future__ import annotations

import functools
import socket
from pathlib import Path

import pytest

import cds_service
from cds_service.content import loader
from cds_service.content.library import Library

# The packaged content does not change while tests run, and nothing can change a library: one reading serves every test of a
# process. Any other folder is read each time.
_read = loader.load
_read_once = functools.cache(_read)


def _load(folder: Path) -> Library:
    return _read_once(folder) if folder == cds_service.packaged_cards() else _read(folder)


loader.load = _load
cds_service.load = _load  # type: ignore[attr-defined]


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
