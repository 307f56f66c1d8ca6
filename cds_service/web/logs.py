"""JSON lines on stderr, without patient data: identifiers of calls, ids of cards, types of gaps."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable
from datetime import UTC, datetime

import orjson

from ..pathway.chart import Gap
from ..pathway.decide import Verdict
from ..pipeline import Consultation
from ..trust.clients import CdsClient

_log = logging.getLogger("cds_service")


class JsonLines(logging.Formatter):
    """One JSON object a line. ``extra={"fields": {...}}`` adds members."""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC)
        line = {"time": moment.isoformat(timespec="milliseconds"), "level": record.levelname, "message": record.getMessage()}
        line |= getattr(record, "fields", {})
        return orjson.dumps(line).decode()


def configure(level: str) -> None:
    """Sends the service's own log lines to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    _log.handlers[:] = [handler]
    _log.propagate = False
    # A log that cannot be written must not print the exception instead: its text may quote the record.
    logging.raiseExceptions = False
    _log.setLevel(level)


def hook_answered(client: CdsClient, service: str, instance: str, found: Consultation) -> None:
    """One line for each answered call; the cards of a client in shadow mode are named and were withheld."""
    if _log.isEnabledFor(logging.INFO):
        fields = {
            "client": client.name,
            "mode": client.mode,
            "service": service,
            "hookInstance": instance,
            "cards": [d.recommendation.id for d in found.outcome.shown],
            "snoozed": [d.recommendation.id for d in found.outcome.decisions if d.verdict is Verdict.SNOOZED],
            "gaps": _named(found.chart.gaps),
        }
        _log.info("hook answered", extra={"fields": fields})


def feedback_heard(client: CdsClient, service: str, items: int, new: int) -> None:
    """One line for each delivery of feedback that is stored."""
    fields = {"client": client.name, "service": service, "items": items, "new": new}
    _log.info("feedback stored", extra={"fields": fields})


def hook_refused(service: str, instance: str, gaps: Iterable[Gap]) -> None:
    """One line for each call that could not be answered, because required data could not be read."""
    fields = {"service": service, "hookInstance": instance, "gaps": _named(gaps)}
    _log.warning("hook refused", extra={"fields": fields})


def _named(gaps: Iterable[Gap]) -> list[str]:
    return [f"{gap.what}: {gap.reason}" for gap in gaps]
