"""JSON lines on stderr, without patient data: identifiers of calls, ids of cards, types of gaps."""

from __future__ import annotations

import logging
import sys
import time
from contextlib import nullcontext
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TextIO

import orjson

_log = logging.getLogger("cds_service")

if TYPE_CHECKING:
    _Stream = logging.StreamHandler[TextIO]
else:
    _Stream = logging.StreamHandler

# Of the request that this thread answers; empty between two requests.
request_id: ContextVar[str] = ContextVar("request_id", default="")


class JsonLines(logging.Formatter):
    """One JSON object a line. ``extra={"fields": {...}}`` adds members."""

    def format(self, record: logging.LogRecord) -> str:
        return self.line(record, record.getMessage(), getattr(record, "fields", {}))

    def line(self, record: logging.LogRecord, message: str, fields: dict[str, Any]) -> str:
        return _line(record.created, record.levelname, message, fields)


def _line(when: float, level: str, message: str, fields: dict[str, Any]) -> str:
    second = int(when)
    line = {"time": f"{_second(second)}.{int((when - second) * 1000):03d}+00:00", "level": level, "message": message}
    request = request_id.get()
    if request:
        line["request_id"] = request
    return orjson.dumps(line | fields).decode()


@lru_cache(4)
def _second(when: int) -> str:
    return datetime.fromtimestamp(when, UTC).isoformat(timespec="seconds")[:19]


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


class Lines(_Stream):
    """Writes the service's own lines to a stream."""

    def write(self, level: int, message: str, fields: dict[str, Any]) -> None:
        """A line without the record that logging would make: that searches who called, and names the thread and the process."""
        line = _line(time.time(), logging.getLevelName(level), message, fields)
        try:
            with self.lock or nullcontext():
                self.stream.write(f"{line}\n")
                self.stream.flush()
        except Exception:  # as logging does
            if logging.raiseExceptions:
                raise


def tell(level: int, message: str, fields: dict[str, Any]) -> None:
    """What every call says. Where somebody has hung another handler or a filter into the log, it goes the way of all records."""
    listening = _log.handlers
    if len(listening) == 1 and isinstance(listening[0], Lines) and not _log.filters and not listening[0].filters:
        listening[0].write(level, message, fields)
    else:
        _log.log(level, message, extra={"fields": fields})


def to_stderr(form: logging.Formatter) -> logging.Handler:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(form)
    return handler


def configure(level: str) -> None:
    """Sends the service's own log lines to stderr."""
    lines = Lines(sys.stderr)
    lines.setFormatter(JsonLines())
    _log.handlers[:] = [lines]
    _log.propagate = False
    # A log that cannot be written must not print the exception instead: its text may quote the record.
    logging.raiseExceptions = False
    _log.setLevel(level)
