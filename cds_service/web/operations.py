"""What operators ask: is it up, is it ready, what does it count, what is its interface."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Response
from prometheus_client import CONTENT_TYPE_LATEST

from .metrics import Metrics
from .recorder import Recorder
from .views import json_response


def operations(content_version: str, metrics: Metrics, recorder: Recorder) -> Blueprint:
    """Health, readiness, metrics and the OpenAPI description."""
    blueprint = Blueprint("operations", __name__)
    description = openapi_file().read_text(encoding="utf-8")

    @blueprint.get("/healthz")
    def healthz() -> Response:
        return json_response({"status": "up"})

    @blueprint.get("/readyz")
    def readyz() -> Response:
        # The content is loaded and checked before the application exists. Without its memory the service goes on giving
        # cards, but somebody should know.
        problem = recorder.problem()
        if problem:
            return json_response({"status": "not ready", "content": content_version, "memory": problem}, 503)
        return json_response({"status": "ready", "content": content_version})

    @blueprint.get("/metrics")
    def counted() -> Response:
        return Response(metrics.page(), content_type=CONTENT_TYPE_LATEST)

    @blueprint.get("/openapi.yaml")
    def openapi() -> Response:
        return Response(description, mimetype="application/yaml")

    return blueprint


def openapi_file() -> Path:
    """The description: packaged beside the code, or at the top of a checkout."""
    packaged = Path(__file__).parents[1] / "openapi.yaml"
    return packaged if packaged.is_file() else Path(__file__).parents[2] / "openapi.yaml"
