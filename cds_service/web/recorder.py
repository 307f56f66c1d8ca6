"""Between HTTP and the memory: a memory that is down costs statistics and snoozing, never a card, and every loss is counted."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from ..content.library import Service
from ..fhir.hook import HookRequest
from ..memory.store import Memory, MemoryDown, Served
from ..pathway.rests import Now, Recall, facts_of
from ..pipeline import Consultation
from ..trust.clients import CdsClient
from .metrics import Metrics

_log = logging.getLogger("cds_service")
T = TypeVar("T")


class Recorder:
    """Remembers for one application. Without a memory nothing is remembered, and nothing is lost."""

    def __init__(self, memory: Memory | None, metrics: Metrics) -> None:
        self.memory = memory
        self._metrics = metrics
        self._lock = threading.Lock()
        self._used: dict[tuple[str, str], float] = {}  # tokens, while the memory is down

    def prepare(self) -> None:
        """Brings the tables to the form of this release; a database that is down now is tried again later."""
        memory = self.memory
        if memory is not None:
            self._guarded("tables", memory.upgrade, None)

    def recall(self, client: CdsClient, request: HookRequest, service: Service, now: datetime) -> Recall | None:
        """What was answered for this patient before. Of a client in shadow mode nothing was."""
        memory = self.memory
        if memory is None or client.shadow:
            return None
        caller = memory.caller(client.name, request.patient, request.user, request.encounter)
        answered = self._guarded("answers", lambda: memory.answered(caller, now), None)
        if not answered:
            return None
        return Recall(answered, Now(now, service.hook, caller.encounter), lambda facts: memory.veiled(facts, caller))

    def remember(
        self, client: CdsClient, request: HookRequest, service: Service, version: str, now: datetime, found: Consultation
    ) -> None:
        """Records the call and its cards before the answer leaves."""
        memory = self.memory
        if memory is None:
            return
        caller = memory.caller(client.name, request.patient, request.user, request.encounter)
        served = [
            Served(
                card["uuid"],
                decision.recommendation.id,
                card["indicator"],
                memory.veiled(facts_of(decision, found.chart), caller),
                tuple((s["uuid"], s["label"]) for s in card.get("suggestions", ())),
            )
            for decision, card in zip(found.outcome.shown, found.cards, strict=True)
        ]
        self._guarded(
            "cards",
            lambda: memory.remember(
                caller, service.id, service.hook.value, request.instance, version, now, served, shadow=client.shadow
            ),
            None,
        )

    def first_time(self, issuer: str, jti: str, expires: float) -> bool:
        """Is this the first use of a token? While the memory is down, as far as this process knows."""
        memory = self.memory
        if memory is not None:
            known = self._guarded("tokens", lambda: memory.first_time(issuer, jti, expires), None)
            if known is not None:
                return known
        with self._lock:
            now = time.time()
            self._used = {token: until for token, until in self._used.items() if until > now}
            first = (issuer, jti) not in self._used
            self._used[issuer, jti] = expires
            return first

    def problem(self) -> str | None:
        """Why the memory is not ready, or None."""
        try:
            if self.memory is not None:
                self.memory.check()
        except MemoryDown as down:
            return str(down)
        return None

    def _guarded(self, what: str, work: Callable[[], T], otherwise: T) -> T:
        try:
            return work()
        except MemoryDown as down:
            self._metrics.lost(what)
            _log.error("memory down", extra={"fields": {"lost": what, "error": str(down)}})
            return otherwise
