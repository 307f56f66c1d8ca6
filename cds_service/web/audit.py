"""What a call leaves behind: an id, one line in the log, and counts. Identifiers of calls, never of people.

docs/observability.md lists the members of the line.
"""

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Iterable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, request

from ..errors import MissingData, ServiceError
from ..pathway.chart import Gap
from ..pathway.decide import Decision, Verdict
from ..pipeline import Consultation
from ..trust.clients import SHADOW, CdsClient
from . import metrics as counted
from .logs import request_id, tell

_log = logging.getLogger("cds_service")
_HEADER, _HEADER_IN = "X-Request-ID", "HTTP_X_REQUEST_ID"
_GOOD_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
# Every path of the interface that EHRs call; what lies elsewhere is not about a patient and is not told.
_INTERFACE = "/cds-services"
_BELOW = f"{_INTERFACE}/"
HOOK, FEEDBACK, DISCOVERY = "hook", "feedback", "discovery"
_MESSAGES = {
    (HOOK, True): "hook answered",
    (HOOK, False): "hook refused",
    (FEEDBACK, True): "feedback stored",
    (FEEDBACK, False): "feedback refused",
    (DISCOVERY, False): "discovery refused",
}


@dataclass(slots=True)
class Account:
    """One request, as far as it has come. Whoever learns something about it writes it here."""

    id: str
    began: float
    around: Account | None  # that of the request around this one, when the process calls itself
    client: CdsClient | None = None
    service: str = counted.OTHER
    instance: str | None = None
    bytes_in: int | None = None
    found: Consultation | None = None
    heard: tuple[int, int] | None = None  # items of feedback, and how many of them were new
    reason: str | None = None
    fields: Sequence[str] = ()
    gaps: Sequence[Gap] = ()

    def refused(self, error: Exception) -> None:
        """What stopped it, by kind; the first one that says so knows best."""
        self.reason = self.reason or type(error).__name__
        if isinstance(error, ServiceError):
            self.fields = error.expressions
        if isinstance(error, MissingData):
            self.gaps = error.gaps

    @property
    def mode(self) -> str:
        return self.client.mode if self.client else counted.NONE


_current: ContextVar[Account | None] = ContextVar("account", default=None)


def account() -> Account:
    """That of the current request."""
    kept = _current.get()
    assert kept is not None
    return kept


def register(app: Flask, content: str, metrics: counted.Metrics) -> None:
    """Every request gets an id; every call of the interface is told and counted when its answer is there."""

    @app.before_request
    def begin() -> None:
        given = request.environ.get(_HEADER_IN, "")
        identifier = given if given and _GOOD_ID.fullmatch(given) else os.urandom(16).hex()
        _current.set(Account(identifier, time.perf_counter(), _current.get()))
        request_id.set(identifier)

    @app.after_request
    def end(response: Response) -> Response:
        kept, asked = account(), request._get_current_object()  # type: ignore[attr-defined]
        response.headers.add(_HEADER, kept.id)
        kind = _kind(asked.path)
        if kind and asked.method != "OPTIONS":
            _close(kind, kept, response.status_code, content, metrics)
        return response

    @app.teardown_request
    def forget(_: BaseException | None) -> None:
        kept = _current.get()
        if kept:
            _current.set(kept.around)
            request_id.set(kept.around.id if kept.around else "")


def _kind(path: str) -> str | None:
    if not path.startswith(_INTERFACE):
        return None
    path = path.rstrip("/")
    if path == _INTERFACE:
        return DISCOVERY
    if not path.startswith(_BELOW):
        return None
    return FEEDBACK if path.endswith("/feedback") else HOOK


def _close(kind: str, kept: Account, status: int, content: str, metrics: counted.Metrics) -> None:
    seconds = time.perf_counter() - kept.began
    gaps = kept.found.chart.gaps if kept.found else kept.gaps
    decisions = [d for d in kept.found.outcome.decisions if d.verdict is not Verdict.SILENT] if kept.found else []
    if kind == HOOK:
        spent = seconds if kept.service != counted.OTHER else None
        metrics.hook_call(kept.service, kept.mode, status, spent, decisions, kept.mode == SHADOW)
        if gaps:
            metrics.not_read(gaps)
    good = status < 400
    level = logging.INFO if good else logging.WARNING if status < 500 else logging.ERROR
    if not _log.isEnabledFor(level) or (good and kind == DISCOVERY):
        return
    fields: dict[str, Any] = {
        "client": kept.client.name if kept.client else None,
        "mode": kept.mode,
        "service": kept.service,
        "hookInstance": kept.instance,
        "status": status,
        "duration_ms": round(seconds * 1000, 1),
        "content": content,
        "bytes_in": kept.bytes_in if kept.bytes_in is not None else request.content_length,
    }
    if not good:
        fields |= {"reason": kept.reason, "fields": list(kept.fields)}
    if kind == HOOK:
        if kept.found:
            _cards(fields, decisions, kept.mode == SHADOW)
        fields["gaps"] = [f"{gap.what}: {gap.reason}" for gap in gaps]
    elif kept.heard:
        fields["items"], fields["new"] = kept.heard
    tell(level, _MESSAGES[kind, good], fields)


def _cards(fields: dict[str, Any], decisions: Iterable[Decision], shadow: bool) -> None:
    """The cards of the answer, those that rest, and those that a client in shadow mode did not get."""
    shown, snoozed = (
        [d.recommendation.id for d in decisions if d.verdict is verdict] for verdict in (Verdict.SHOWN, Verdict.SNOOZED)
    )
    fields["cards"] = [] if shadow else shown
    fields["snoozed"] = snoozed
    fields["withheld"] = shown if shadow else []
