"""What can go wrong, in one table: each error with its HTTP status and the issue code of its OperationOutcome."""

from __future__ import annotations

from typing import Any

from .pathway.chart import Gap


class ServiceError(Exception):
    """Answered as an OperationOutcome. ``text`` is shown to the caller: it names fields and types, never their content."""

    status = 500
    code = "exception"

    def __init__(self, text: str, *expressions: str) -> None:
        super().__init__(text)
        self.text = text
        self.expressions = expressions


class NotJson(ServiceError):
    status, code = 400, "structure"


class Unauthorised(ServiceError):
    """Nobody is told why; the log is."""

    status, code = 401, "login"

    def __init__(self) -> None:
        super().__init__("not authenticated")


class NotStored(ServiceError):
    """What has to be kept could not be; the caller may send it again."""

    status, code = 503, "transient"


class TooManyRequests(ServiceError):
    """``seconds``: how long to wait for the next one."""

    status, code = 429, "throttled"

    def __init__(self, seconds: float) -> None:
        super().__init__("too many requests; send it again after the time in Retry-After")
        self.seconds = seconds


class NotFound(ServiceError):
    status, code = 404, "not-found"


class TooSlow(ServiceError):
    """The body did not arrive, or not in time."""

    status, code = 408, "timeout"


class MissingData(ServiceError):
    """Required data is neither in the request nor to be had from the EHR. ``gaps``: everything that could not be read."""

    status, code = 412, "processing"

    def __init__(self, text: str, *expressions: str, gaps: tuple[Gap, ...] = ()) -> None:
        super().__init__(text, *expressions)
        self.gaps = gaps


class NotJsonType(ServiceError):
    status, code = 415, "not-supported"


class NotAHookRequest(ServiceError):
    status, code = 422, "invalid"


ISSUE_CODES = {
    400: "structure",
    401: "login",
    404: "not-found",
    405: "not-supported",
    413: "too-long",
    414: "too-long",
    415: "not-supported",
    431: "too-long",
    501: "not-supported",
}


def outcome(code: str, text: str, expressions: tuple[str, ...] = ()) -> dict[str, Any]:
    """An OperationOutcome with one error."""
    issue: dict[str, Any] = {"severity": "error", "code": code, "details": {"text": text}}
    if expressions:
        issue["expression"] = list(expressions)
    return {"resourceType": "OperationOutcome", "issue": [issue]}
