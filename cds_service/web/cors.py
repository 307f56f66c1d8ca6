"""Which pages of other origins may read answers in a browser."""

from __future__ import annotations

import re
from collections.abc import Sequence

from flask import Flask, Response, request
from flask_cors.core import get_cors_options, set_cors_headers


def allow_origins(app: Flask, patterns: Sequence[str]) -> None:
    """Tells browsers on preflights and answers that these origins may. A call that names no origin, as that of an EHR's server,
    is none of its business."""
    options = get_cors_options(
        app,
        {
            "origins": [_origin(pattern) for pattern in patterns],
            "methods": ["GET", "POST"],
            "allow_headers": ["Authorization", "Content-Type"],
            "expose_headers": ["Retry-After", "X-CDS-Content-Version", "X-Request-ID"],
            "max_age": 600,
        },
    )
    anyone = "*" in patterns

    @app.after_request
    def share(response: Response) -> Response:
        asked = request.environ
        if "HTTP_ORIGIN" in asked:
            set_cors_headers(response, options)
        elif not anyone and asked["REQUEST_METHOD"] != "POST":
            response.vary.add("Origin")  # a cache must not give this answer to a page
        return response


def _origin(pattern: str) -> str | re.Pattern[str]:
    """An origin of the settings: ``*`` alone, or with ``*`` standing for a port or a host label."""
    if pattern == "*" or "*" not in pattern:
        return pattern
    return re.compile("^" + re.escape(pattern).replace(r"\*", r"[^/.:]+") + "$")
