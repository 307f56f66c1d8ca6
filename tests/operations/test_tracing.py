"""Tracing: off unless it is asked for, told plainly when it cannot be had, and nothing that a span holds leaves unseen."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Link, NonRecordingSpan, SpanContext, SpanKind, TraceFlags, TraceState, set_span_in_context
from operations_support import PLANTED

from cds_service.cli import main
from cds_service.config import BadSetting
from cds_service.spans import Discreet
from cds_service.tracing import _exporter

PATIENT, NAME = PLANTED[:2]


@pytest.mark.parametrize(
    ("environment", "exporter"),
    [
        ({}, "none"),
        ({"OTEL_SERVICE_NAME": "x"}, "none"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318"}, "otlp"),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c:4318"}, "otlp"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318", "OTEL_TRACES_EXPORTER": "none"}, "none"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318", "OTEL_SDK_DISABLED": "true"}, "none"),
        ({"OTEL_TRACES_EXPORTER": "console"}, "console"),
        ({"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}, "otlp"),
    ],
)
def test_the_standard_environment_decides(environment: dict[str, str], exporter: str) -> None:
    assert _exporter(environment) == exporter


@pytest.mark.parametrize(
    "environment", [{"OTEL_TRACES_EXPORTER": "zipkin"}, {"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}]
)
def test_what_cannot_be_done_is_said(environment: dict[str, str]) -> None:
    with pytest.raises(BadSetting, match="OTEL_"):
        _exporter(environment)


def test_without_the_extra_the_start_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.delitem(sys.modules, "cds_service.spans", raising=False)
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    assert main(["serve"]) == 1
    assert "pip install 'cds-service[tracing]'" in capsys.readouterr().err


def test_nothing_of_it_is_loaded_when_it_is_off() -> None:
    asked = "import os, sys, cds_service.cli as c; from cds_service.tracing import tracing; tracing(os.environ)(None); "
    asked += "import cds_service.server; print([m for m in sys.modules if m.startswith('opentelemetry')])"
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    done = subprocess.run([sys.executable, "-c", asked], env=clean, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("address", "told"),
    [
        (f"https://fhir.north.example/r4/Condition?patient={PATIENT}", "https://fhir.north.example/Condition"),
        (f"https://fhir.north.example:8443/r4/Patient/{PATIENT}", "https://fhir.north.example:8443/Patient"),
        (f"https://{NAME}:secret@fhir.north.example/r4/Medication/{PATIENT}", "https://fhir.north.example/Medication"),
        (f"https://fhir.north.example/Condition/{NAME}?a#b", "https://fhir.north.example/Condition"),
        (f"https://fhir.north.example/{PATIENT}?_getpages=1", "https://fhir.north.example/"),
        (f"https://fhir.north.example/Observation%3Fpatient={PATIENT}", "https://fhir.north.example/"),
    ],
)
@pytest.mark.parametrize("name", ["http.url", "url.full"])
def test_of_an_address_origin_and_type_are_left(name: str, address: str, told: str) -> None:
    (span,) = exported(SpanKind.CLIENT, {name: address, "http.method": "GET"})
    assert span.attributes == {"url.full": told, "http.request.method": "GET"}
    assert span.name == f"GET {told.rpartition('/')[2]}".strip()


def test_nothing_else_of_a_span_leaves() -> None:
    attributes = {
        "http.target": f"/cards?q={NAME}",
        "url.query": NAME,
        "http.request.header.authorization": (NAME,),
        "user_agent.original": NAME,
        "client.address": NAME,
        "http.request.method_original": NAME,
        "http.method": NAME,
        "http.route": "/cds-services/<service_id>",
        "http.status_code": 500,
        "cds.service": "s",
        "enduser.id": NAME,
    }
    (span,) = exported(SpanKind.SERVER, attributes, ZeroDivisionError(NAME))
    assert span.attributes == {
        "http.route": "/cds-services/<service_id>",
        "http.status_code": 500,
        "http.request.method": "_OTHER",
        "cds.service": "s",
    }
    assert (span.name, span.status.is_ok, span.status.description) == ("_OTHER /cds-services/<service_id>", False, None)
    assert NAME not in span.to_json()
    assert span.parent is not None
    assert span.parent.trace_id == span.get_span_context().trace_id == 7


def exported(kind: SpanKind, attributes: dict[str, Any], error: Exception | None = None) -> tuple[Any, ...]:
    """What arrives of a span with everything that a careless instrumentation could record."""
    kept, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(Discreet(kept)))
    caller = SpanContext(7, 9, True, TraceFlags(1), TraceState([("x", NAME)]))
    around = set_span_in_context(NonRecordingSpan(caller))
    span = provider.get_tracer("t").start_span(NAME, around, kind, attributes, [Link(caller, {"a": NAME})])
    span.add_event(NAME, {"a": NAME})
    if error:
        span.record_exception(error)
        span.set_status(type(span.status)(status_code=type(span.status.status_code).ERROR, description=str(error)))
    span.end()
    provider.shutdown()
    return kept.get_finished_spans()
