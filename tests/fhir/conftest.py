"""EHRs on loopback that are closed when the test is over."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from ehr import Ehr


@pytest.fixture
def new_ehr() -> Iterator[Callable[[], Ehr]]:
    servers: list[Ehr] = []

    def start() -> Ehr:
        server = Ehr()
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.closing.set()
        server.shutdown()
        server.server_close()


@pytest.fixture
def ehr(new_ehr: Callable[[], Ehr]) -> Ehr:
    return new_ehr()
