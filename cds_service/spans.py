"""Spans of hook calls and of the requests to FHIR servers, without anything of a patient.

The instrumentations record more than may leave: addresses with ids and queries, headers where the environment asks for them,
texts of exceptions. So nothing is exported that is not on a list here, whoever has recorded it.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.flask import FlaskInstrumentor
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from opentelemetry.instrumentation.threading import ThreadingInstrumentor
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SpanExporter, SpanExportResult
from opentelemetry.trace import SpanContext, SpanKind, Status

from .fhir.prefetch import SOURCES
from .web.audit import account
from .web.logs import ForeignLines, to_stderr

_NOT_TRACED = "healthz,readyz,metrics,assets"
_OURS = "cds."
_KEPT = frozenset({"http.route", "http.status_code", "http.response.status_code", "error.type"})
_METHODS = frozenset({"GET", "POST", "OPTIONS", "HEAD"})
_TYPES = frozenset({"Medication", *(source.resource_type for source in SOURCES)})


def start(app: Flask, *, to_console: bool) -> None:
    """Begins to trace in this process. Where to, how much and under which name stands in OTEL_… variables."""
    named = Resource({"service.name": "cds-service"}).merge(OTELResourceDetector().detect())
    provider = TracerProvider(resource=named)
    exporter: SpanExporter = ConsoleSpanExporter() if to_console else OTLPSpanExporter()
    provider.add_span_processor(BatchSpanProcessor(Discreet(exporter)))
    trace.set_tracer_provider(provider)
    library = logging.getLogger("opentelemetry")
    library.handlers[:], library.propagate = [to_stderr(ForeignLines())], False
    # A search runs in a thread of its own; its span belongs to the hook call all the same.
    ThreadingInstrumentor().instrument()
    RequestsInstrumentor().instrument()
    app.after_request(_name)
    FlaskInstrumentor.instrument_app(app, excluded_urls=os.environ.get("OTEL_PYTHON_FLASK_EXCLUDED_URLS", _NOT_TRACED))


def _name(response: Response) -> Response:
    """What the log says of a call, so that a trace and its line find each other."""
    kept = account()
    told = {
        "request_id": kept.id,
        "service": kept.service,
        "mode": kept.mode,
        "client": kept.client.name if kept.client else "",
        "hook_instance": kept.instance or "",
    }
    trace.get_current_span().set_attributes({_OURS + name: value for name, value in told.items()})
    return response


class Discreet(SpanExporter):
    """Exports what may leave."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return self._exporter.export([_discreet(span) for span in spans])

    def shutdown(self) -> None:
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._exporter.force_flush(timeout_millis)


def _discreet(span: ReadableSpan) -> ReadableSpan:
    """The same span without events, links and descriptions, with a name and attributes of ours."""
    found: Mapping[str, Any] = span.attributes or {}
    kept = {name: value for name, value in found.items() if name in _KEPT or name.startswith(_OURS)}
    method = str(found.get("http.request.method") or found.get("http.method"))
    kept["http.request.method"] = method = method if method in _METHODS else "_OTHER"
    about = str(found.get("http.route", ""))
    if span.kind is SpanKind.CLIENT:
        origin, about = _origin_and_type(str(found.get("url.full") or found.get("http.url") or ""))
        kept["url.full"] = f"{origin}/{about}"
    return ReadableSpan(
        f"{method} {about}".rstrip(),
        _bare(span.get_span_context()),
        _bare(span.parent),
        span.resource,
        kept,
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _origin_and_type(url: str) -> tuple[str, str]:
    """Where a request went and which type of resource it asked for: no id, no query, nobody's name and password."""
    parts = urlsplit(url)
    kind = next((name for name in parts.path.split("/") if name in _TYPES), "")
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}", kind


def _bare(context: SpanContext | None) -> SpanContext | None:
    """Without the state that other systems add in a header."""
    return context and SpanContext(context.trace_id, context.span_id, context.is_remote, context.trace_flags)
