"""What a call leaves behind: an id, one line in the log, and counts. Identifiers of calls, never of people.

docs/observability.md lists the members of the line.
"""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, g, request

from ..errors import MissingData, ServiceError
from ..pathway.chart import Gap
from ..pathway.decide import Verdict
from ..pipeline import Consultation
from ..trust.clients import SHADOW, CdsClient
from . import metrics as counted
from .logs import request_id

_log = logging.getLogger("cds_service")
_HEADER = "X-Request-ID"
_GOOD_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
# Every path of the interface that EHRs call; what lies elsewhere is not about a patient and is not told.
_INTERFACE = "/cds-services"
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
    before: str  # the request around this one, when the process calls itself
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


def account() -> Account:
    """That of the current request."""
    kept: Account = g.account
    return kept


def register(app: Flask, content: str, metrics: counted.Metrics) -> None:
    """Every request gets an id; every call of the interface is told and counted when its answer is there."""

    @app.before_request
    def begin() -> None:
        given = request.headers.get(_HEADER, "")
        identifier = given if _GOOD_ID.fullmatch(given) else uuid.uuid4().hex
        g.account = Account(identifier, time.perf_counter(), request_id.get())
        request_id.set(identifier)

    @app.after_request
    def end(response: Response) -> Response:
        response.headers[_HEADER] = account().id
        kind = _kind(request.path)
        if kind and request.method != "OPTIONS":
            _close(kind, account(), response.status_code, content, metrics)
        return response

    @app.teardown_request
    def forget(_: BaseException | None) -> None:
        if "account" in g:
            request_id.set(account().before)


def _kind(path: str) -> str | None:
    path = path.rstrip("/")
    if path == _INTERFACE:
        return DISCOVERY
    if not path.startswith(f"{_INTERFACE}/"):
        return None
    return FEEDBACK if path.endswith("/feedback") else HOOK


def _close(kind: str, kept: Account, status: int, content: str, metrics: counted.Metrics) -> None:
    seconds = time.perf_counter() - kept.began
    gaps = kept.found.chart.gaps if kept.found else kept.gaps
    if kind == HOOK:
        metrics.hook_call(kept.service, kept.mode, status, seconds if kept.service != counted.OTHER else None)
        metrics.not_read(gaps)
        if kept.found:
            metrics.decided(kept.found.outcome.decisions, kept.mode == SHADOW)
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
        fields |= _cards(kept) if kept.found else {}
        fields["gaps"] = [f"{gap.what}: {gap.reason}" for gap in gaps]
    elif kept.heard:
        fields["items"], fields["new"] = kept.heard
    _log.log(level, _MESSAGES[kind, good], extra={"fields": fields})


def _cards(kept: Account) -> dict[str, Collection[str]]:
    """The cards of the answer, those that rest, and those that a client in shadow mode did not get."""
    by_verdict: dict[Verdict, list[str]] = {Verdict.SHOWN: [], Verdict.SNOOZED: []}
    for decision in kept.found.outcome.decisions if kept.found else ():
        if decision.verdict in by_verdict:
            by_verdict[decision.verdict].append(decision.recommendation.id)
    shown, shadow = by_verdict[Verdict.SHOWN], kept.mode == SHADOW
    return {"cards": [] if shadow else shown, "snoozed": by_verdict[Verdict.SNOOZED], "withheld": shown if shadow else []}
