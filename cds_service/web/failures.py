"""Every error as an OperationOutcome: no HTML, no stack trace, nothing of a patient."""

from __future__ import annotations

import logging
import math
from http import HTTPStatus

from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from ..errors import ISSUE_CODES, ServiceError, TooManyRequests, outcome
from .audit import account
from .views import json_response

_log = logging.getLogger("cds_service")


def register(app: Flask) -> None:
    """Hangs the handlers into the application."""

    @app.errorhandler(ServiceError)
    def expected(error: ServiceError) -> Response:
        account().refused(error)
        response = json_response(outcome(error.code, error.text, error.expressions), error.status)
        if error.status == HTTPStatus.UNAUTHORIZED:
            response.headers["WWW-Authenticate"] = "Bearer"
        if isinstance(error, TooManyRequests):
            response.headers["Retry-After"] = str(math.ceil(error.seconds))
        return response

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> Response:
        account().refused(error)
        status = error.code or 500
        response = json_response(outcome(ISSUE_CODES.get(status, "processing"), HTTPStatus(status).phrase), status)
        if status == HTTPStatus.METHOD_NOT_ALLOWED:
            allowed = getattr(error, "valid_methods", None)
            if allowed:
                response.headers["Allow"] = ", ".join(sorted(allowed))
        return response

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> Response:
        account().refused(error)
        note_failure(error)
        return json_response(outcome("exception", "The request could not be evaluated."), 500)


def note_failure(error: Exception) -> None:
    """The type and the place into the log, never the text: it may quote the record."""
    _log.error("unexpected error", extra={"fields": {"error": type(error).__name__, "at": _innermost(error)}})


def _innermost(error: Exception) -> str:
    traceback = error.__traceback__
    place = ""
    while traceback:
        code = traceback.tb_frame.f_code
        place = f"{code.co_filename.rsplit('/', 1)[-1]}:{traceback.tb_lineno}"
        traceback = traceback.tb_next
    return place
