"""One running service for all tests of a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ehr import Ehr
from operations_support import Collector, Service, refusing_some, start


@pytest.fixture(scope="module")
def ehr() -> Iterator[Ehr]:
    server = Ehr()
    server.answer = refusing_some
    start(server)
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    server = Collector()
    start(server)
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, module_port: int, ehr: Ehr, collector: Collector) -> Iterator[Service]:
    tracing = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{collector.server_address[1]}",
        "OTEL_BSP_SCHEDULE_DELAY": "100",
        # A careless operator: headers are asked for, and must not come.
        "OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_REQUEST": ".*",
        "OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_CLIENT_REQUEST": ".*",
    }
    running = Service(tmp_path_factory.mktemp("service"), module_port, ehr, **tracing)
    yield running
    if running.process.poll() is None:
        running.stop()
