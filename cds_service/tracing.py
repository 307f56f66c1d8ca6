"""Tracing with OpenTelemetry, where its own environment variables ask for it (docs/observability.md). Otherwise nothing of it is
loaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask import Flask

from .config import BadSetting

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
OTLP, CONSOLE, OFF = "otlp", "console", "none"


def tracing(environment: Mapping[str, str]) -> Callable[[Flask], None]:
    """What has to be done with the application in each worker, after it has been forked: exporters have threads. Raises
    BadSetting when tracing is asked for and cannot be had."""
    exporter = _exporter(environment)
    if exporter == OFF:
        return lambda _: None
    try:
        from .spans import start
    except ImportError:
        raise BadSetting(
            "The OTEL_… environment asks for tracing, which needs the extra `tracing`: pip install 'cds-service[tracing]'; "
            "or set OTEL_SDK_DISABLED=true."
        ) from None
    return lambda app: start(app, to_console=exporter == CONSOLE)


def _exporter(environment: Mapping[str, str]) -> str:
    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return OFF
    named = environment.get("OTEL_TRACES_EXPORTER", "").strip().lower()
    exporter = named or (OTLP if any(environment.get(name) for name in _ENDPOINTS) else OFF)
    if exporter not in (OTLP, CONSOLE, OFF):
        raise BadSetting(f"OTEL_TRACES_EXPORTER: one of {OTLP}, {CONSOLE}, {OFF} is needed")
    protocol = next((environment[name] for name in _PROTOCOLS if environment.get(name)), "http/protobuf")
    if exporter == OTLP and protocol != "http/protobuf":
        raise BadSetting("OTEL_EXPORTER_OTLP_PROTOCOL: only http/protobuf is supported")
    return exporter
