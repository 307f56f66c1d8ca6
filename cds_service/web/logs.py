"""JSON lines on stderr, without patient data: identifiers of calls, ids of cards, types of gaps."""

from __future__ import annotations

import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

import orjson

_log = logging.getLogger("cds_service")

# Of the request that this thread answers; empty between two requests.
request_id: ContextVar[str] = ContextVar("request_id", default="")


class JsonLines(logging.Formatter):
    """One JSON object a line. ``extra={"fields": {...}}`` adds members."""

    def format(self, record: logging.LogRecord) -> str:
        return self.line(record, record.getMessage(), getattr(record, "fields", {}))

    def line(self, record: logging.LogRecord, message: str, fields: dict[str, Any]) -> str:
        moment = datetime.fromtimestamp(record.created, UTC)
        line = {"time": moment.isoformat(timespec="milliseconds"), "level": record.levelname, "message": message}
        request = request_id.get()
        if request:
            line["request_id"] = request
        return orjson.dumps(line | fields).decode()


class ForeignLines(JsonLines):
    """What a library has to say. Its words may quote a request or a record, so that only what stands before them is kept: the
    text up to the first mark, and the kind of the error that is being handled. ``trusted`` is the id of a process that sees no
    requests: it is quoted."""

    def __init__(self, trusted: int | None = None) -> None:
        super().__init__()
        self._trusted = trusted

    def format(self, record: logging.LogRecord) -> str:
        if record.process == self._trusted and not record.exc_info:
            return self.line(record, record.getMessage(), {"logger": record.name})
        error = (record.exc_info and record.exc_info[0]) or sys.exc_info()[0]
        fields = {"logger": record.name} | ({"error": error.__name__} if error else {})
        text = str(record.msg) if isinstance(record.msg, str) else ""
        for mark in (" from ip=", ":", "%"):
            text = text.partition(mark)[0]
        return self.line(record, text.strip() or "error", fields)


def to_stderr(form: logging.Formatter) -> logging.Handler:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(form)
    return handler


def configure(level: str) -> None:
    """Sends the service's own log lines to stderr."""
    _log.handlers[:] = [to_stderr(JsonLines())]
    _log.propagate = False
    # A log that cannot be written must not print the exception instead: its text may quote the record.
    logging.raiseExceptions = False
    _log.setLevel(level)
