"""Both services in this process, without a server: what an application costs by itself."""

from __future__ import annotations

import io
import json
import time
from typing import Any

from flask import Flask, request

PATH = "/cds-services/posterior-hip-pain-patient-view"


def bare() -> Flask:
    """The service that only parses and answers."""
    app = Flask("bare")

    @app.post("/cds-services/<service>")
    def answer(service: str) -> dict[str, Any]:
        json.loads(request.get_data())
        return {"cards": []}

    @app.get("/readyz")
    def ready() -> dict[str, Any]:
        return {}

    return app


def cpu_ms(app: Flask, body: bytes, calls: int) -> float:
    """CPU milliseconds a call."""
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": PATH,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.url_scheme": "http",
        "wsgi.errors": io.StringIO(),
    }
    started = time.process_time()
    for _ in range(calls):
        statuses: list[str] = []
        call = environ | {"wsgi.input": io.BytesIO(body)}
        b"".join(app(call, _noting(statuses)))
        assert statuses == ["200 OK"]
    return (time.process_time() - started) / calls * 1000


def _noting(statuses: list[str]) -> Any:
    """A WSGI start_response that only notes the status."""
    return lambda status, *_: statuses.append(status)
