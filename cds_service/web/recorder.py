"""Between HTTP and the memory: a memory that is down costs statistics and snoozing, never a card, and every loss is counted."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import NamedTuple, TypeVar

from ..content.library import Service
from ..fhir.hook import HookRequest
from ..memory.database import MemoryDown
from ..memory.store import Caller, Heard, Memory, Said, Served
from ..memory.writer import EVERY
from ..pathway.rests import Facts, Now, Recall, facts_of
from ..pipeline import Consultation
from ..trust.clients import CdsClient
from .metrics import Metrics

_log = logging.getLogger("cds_service")
_PATIENCE = 2.0  # seconds for one thing asked of a database server
_THREADS = 16
_OTHERS = EVERY + 0.05  # seconds in which another process brings a card into the database
T = TypeVar("T")


class Who(NamedTuple):
    """Of whom a call is, in hashes, and how its facts are hidden."""

    caller: Caller
    veil: Callable[[Facts], Facts]
    shadow: bool


class Recorder:
    """Remembers for one application. Without a memory nothing is remembered, and nothing is lost."""

    def __init__(self, memory: Memory | None, metrics: Metrics) -> None:
        self.memory = memory
        self._metrics = metrics
        self._lock = threading.Lock()
        self._used: dict[tuple[str, str], float] = {}  # tokens, while the memory is down
        self._pid = 0
        self._threads: ThreadPoolExecutor
        if memory is not None:
            memory.on_loss(lambda number, why: self._note_loss("cards", MemoryDown(why), number))

    def prepare(self) -> None:
        """Brings the tables to the form of this release, however long it takes; a database that is down now is tried again
        later. No connection stays open: the workers are forked from this process and must not inherit one."""
        memory = self.memory
        if memory is not None:
            try:
                memory.upgrade()
                memory.recover()
            except MemoryDown as down:
                self._note_loss("tables", down)
            memory.close()

    def who(self, client: CdsClient, request: HookRequest) -> Who | None:
        """Whose call it is, in hashes; None where nothing is remembered."""
        memory = self.memory
        if memory is None:
            return None
        caller = memory.caller(client.name, request.patient, request.user, request.encounter)
        return Who(caller, memory.veil_for(caller), client.shadow)

    def recall(self, who: Who | None, service: Service, now: datetime) -> Recall | None:
        """What was answered for this patient before. Of a client in shadow mode nothing was."""
        memory = self.memory
        if memory is None or who is None or who.shadow:
            return None
        caller = who.caller
        try:
            answered = self.ask(lambda: memory.answered(caller, now)) if memory.on_a_server else memory.answered(caller, now)
        except MemoryDown as down:
            self._note_loss("answers", down)
            return None
        return Recall(answered, Now(now, service.hook, caller.encounter), who.veil) if answered else None

    def remember(
        self, who: Who | None, request: HookRequest, service: Service, version: str, now: datetime, found: Consultation
    ) -> None:
        """Records the call and its cards before the answer leaves."""
        memory = self.memory
        if memory is None or who is None:
            return
        chart, veil = found.chart, who.veil
        served = [
            Served(
                card["uuid"],
                decision.recommendation.id,
                card["indicator"],
                veil(facts_of(decision, chart)),
                [(s["uuid"], s["label"]) for s in card.get("suggestions", ())],
            )
            for decision, card in zip(found.outcome.shown, found.cards, strict=True)
        ]
        try:
            memory.remember(who.caller, service.id, service.hook.value, request.instance, version, now, served, shadow=who.shadow)
        except MemoryDown as down:
            self._note_loss("cards", down)

    def hear(self, client: CdsClient, service: Service, items: Sequence[Said], now: datetime) -> list[Heard]:
        """Records feedback; the items that were new. Raises MemoryDown: nothing of it may be taken for stored."""
        memory = self.memory
        if memory is None:
            raise MemoryDown("there is none")
        if self.ask(lambda: memory.lacks(client.name, items)):
            time.sleep(_OTHERS)  # the process that served the card has it in the database by then
        return self.ask(lambda: memory.hear(client.name, service.id, items, now))

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

    def take(self, client: str, address: str, a_minute: int, now: float) -> float:
        """Seconds that a client has to wait before its next call; none while the memory is down."""
        memory = self.memory
        if memory is None:
            return 0.0
        return self._guarded("rates", lambda: memory.take(client, address, a_minute, now), 0.0)

    def problem(self) -> str | None:
        """Why the memory is not ready, or None."""
        try:
            if self.memory is not None:
                self.ask(self.memory.check)
        except MemoryDown as down:
            return str(down)
        return None

    def _guarded(self, what: str, work: Callable[[], T], otherwise: T) -> T:
        try:
            return self.ask(work)
        except MemoryDown as down:
            self._note_loss(what, down)
            return otherwise

    def _note_loss(self, what: str, down: MemoryDown, number: int = 1) -> None:
        self._metrics.lost(what, number)
        _log.error("memory down", extra={"fields": {"lost": what, "error": str(down)}})

    def ask(self, work: Callable[[], T]) -> T:
        """Does something with the memory, and waits for a server no longer than a call can: one that hangs would hold the
        thread for ever, because its own time limits hang with it. Raises MemoryDown."""
        if self.memory is None or not self.memory.on_a_server:
            return work()
        if self._pid != os.getpid():
            self._threads, self._pid = ThreadPoolExecutor(_THREADS, thread_name_prefix="memory"), os.getpid()
        self.memory.refuse_when_down()
        waiting = self._threads.submit(work)
        try:
            return waiting.result(_PATIENCE)
        except TimeoutError:
            waiting.cancel()
            self.memory.count_failure()
            raise MemoryDown("no answer in time") from None
