"""The memory: SQLAlchemy over SQLite or PostgreSQL. Nothing here decides anything about a patient."""

from __future__ import annotations

import hashlib
import os
import random
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from circuitbreaker import CircuitBreaker
from sqlalchemy import Connection, Engine, bindparam, delete, insert, make_url, select
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError

from ..pathway.rests import LONGEST_DAYS, Answered, Facts
from .engine import READING, new_engine, take_your_time, upgrade
from .facts import packed, unpacked, veiled
from .tables import accepted, calls, cards, feedback, suggestions, tokens
from .veil import Veil

_CLEAN_EVERY = 1000  # uses of a token between two removals of expired ones
_PASSING = frozenset({"DeadlockDetected", "SerializationFailure"})
_FAILURES, _REST = 2, 5  # so many failures in a row, and the database is left alone for so many seconds


# The cards of a patient that were overridden, the latest last. Built once: building it takes longer than asking it.
_OVERRIDDEN = (
    select(cards.c.card, feedback.c.received_at, calls.c.hook, calls.c.encounter, feedback.c.reason, cards.c.facts)
    .join_from(cards, calls, cards.c.call == calls.c.id)
    .join(feedback, feedback.c.card == cards.c.uuid)
    .where(
        cards.c.patient == bindparam("patient"),
        calls.c.client == bindparam("client"),
        calls.c.shadow.is_(False),
        feedback.c.client == bindparam("client"),
        feedback.c.outcome == "overridden",
        feedback.c.received_at >= bindparam("since"),
    )
    .order_by(feedback.c.received_at, feedback.c.id)
)


class MemoryDown(Exception):
    """The database does not answer. What it says may hold an address or data and is not repeated."""


class Caller(NamedTuple):
    """Of whom a call is: client, and keyed hashes of patient, user and encounter."""

    client: str
    patient: str
    user: str
    encounter: str


class Served(NamedTuple):
    """One card that goes out, or would have."""

    uuid: str
    card: str
    indicator: str
    facts: Facts
    suggestions: tuple[tuple[str, str], ...]  # uuid and name


class Said(NamedTuple):
    """One item of feedback, as the client wrote it."""

    card: str
    outcome: str
    outcome_at: datetime
    accepted: tuple[str, ...] = ()
    reason: str | None = None
    reason_system: str | None = None
    comment: str | None = None

    def digest(self) -> str:
        """The same statement has the same digest."""
        parts = (self.card.lower(), self.outcome, self.outcome_at.isoformat(), *sorted(self.accepted))
        return hashlib.sha256("\x1f".join((*parts, self.reason or "", self.reason_system or "")).encode()).hexdigest()


class Memory:
    """One per application. Every method raises MemoryDown when the database does not answer."""

    def __init__(self, url: str, veil: Veil, keep_comments: bool = False) -> None:
        self.url = url
        self._veil = veil
        self._keep_comments = keep_comments
        self._breaker = CircuitBreaker(_FAILURES, _REST, MemoryDown, "memory")
        self._upgraded = False
        parts = make_url(url)
        self._file = Path(str(parts.database)) if parts.get_backend_name() == "sqlite" else None
        self._inode: int | None = None
        self._pid = 0
        self._made: Engine

    @property
    def _engine(self) -> Engine:
        """Connections belong to one process: they are made after a server has forked."""
        if self._pid != os.getpid():
            self._made = new_engine(self.url)
            self._pid = os.getpid()
        return self._made

    def _look_for_the_file(self) -> None:
        """An SQLite file that was removed or replaced goes on to be written to, unseen: begin anew with what is there."""
        if self._file is not None:
            try:
                found = self._file.stat().st_ino
            except OSError:
                found = None
            if self._upgraded and found != self._inode:
                self._engine.dispose()
                self._upgraded = False
            self._inode = found

    # -- who ------------------------------------------------------------------------------------------------------------

    def caller(self, client: str, patient: str, user: str, encounter: str | None) -> Caller:
        """The identities of a call, hashed for this client."""
        of = self._veil.of
        return Caller(
            client, of(patient, "patient", client), of(user, "user", client), of(encounter, "encounter", client, patient)
        )

    def veiled(self, facts: Facts, caller: Caller) -> Facts:
        return veiled(facts, self._veil, caller.patient)

    # -- what was shown -------------------------------------------------------------------------------------------------

    def remember(
        self,
        caller: Caller,
        service: str,
        hook: str,
        instance: str,
        content: str,
        now: datetime,
        served: Sequence[Served],
        *,
        shadow: bool,
    ) -> None:
        """Records a call and its cards; returns when they are committed."""
        call = str(uuid.uuid4())
        row = {
            **caller._asdict(),
            "id": call,
            "at": _utc(now),
            "service": service,
            "hook": hook,
            "instance": instance,
            "content": content,
            "shadow": shadow,
        }
        shown = [
            {
                "uuid": one.uuid,
                "call": call,
                "patient": caller.patient,
                "card": one.card,
                "indicator": one.indicator,
                "facts": packed(one.facts),
            }
            for one in served
        ]
        offered = [{"uuid": u, "card": one.uuid, "name": name[:200]} for one in served for u, name in one.suggestions]
        with self._writing() as connection:
            connection.execute(insert(calls), row)
            if shown:
                connection.execute(insert(cards), shown)
            if offered:
                connection.execute(insert(suggestions), offered)

    def answered(self, caller: Caller, now: datetime) -> list[Answered]:
        """The cards of this patient that were overridden and may still rest."""
        asked = {"patient": caller.patient, "client": caller.client, "since": _utc(now) - timedelta(days=LONGEST_DAYS + 1)}
        with self.reading() as connection:
            rows = connection.execute(_OVERRIDDEN, asked).all()
        return [
            Answered(card, _aware(at), hook, encounter, reason, unpacked(facts))
            for card, at, hook, encounter, reason, facts in rows
        ]

    # -- what was said --------------------------------------------------------------------------------------------------

    def hear(self, client: str, service: str, items: Iterable[Said], now: datetime) -> int:
        """Records feedback, all of it or nothing; returns how many items were new, when they are committed to disk."""
        with self._writing(durable=True) as connection:
            # In one order for everybody: two deliveries of the same items must not wait for each other.
            ordered = sorted(items, key=Said.digest)
            return sum(self._hear(connection, client, service, item, now) for item in ordered)

    def _hear(self, connection: Connection, client: str, service: str, item: Said, now: datetime) -> bool:
        digest = item.digest()
        known = select(cards.c.uuid).join_from(cards, calls, cards.c.call == calls.c.id)
        known = known.where(cards.c.uuid == item.card.lower(), calls.c.client == client)
        row: dict[str, Any] = {
            "client": client,
            "service": service,
            "card": item.card.lower(),
            "known": connection.execute(known).first() is not None,
            "outcome": item.outcome,
            "outcome_at": _utc(item.outcome_at),
            "received_at": _utc(now),
            "reason": item.reason,
            "reason_system": item.reason_system,
            "commented": item.comment is not None,
            "comment": item.comment if self._keep_comments else None,
            "digest": digest,
        }
        try:
            with connection.begin_nested():
                made = connection.execute(insert(feedback), row).inserted_primary_key
                number = made[0] if made else None
                if item.accepted:
                    rows = [{"feedback": number, "suggestion": s} for s in dict.fromkeys(item.accepted)]
                    connection.execute(insert(accepted), rows)
        except IntegrityError:
            return False  # delivered before
        return True

    # -- used tokens ----------------------------------------------------------------------------------------------------

    def first_time(self, issuer: str, jti: str, expires: float) -> bool:
        """Remembers a token until it expires. False when it was seen before, by whatever process."""
        identity = hashlib.sha256(f"{issuer}\x1f{jti}".encode("utf-8", "surrogatepass")).hexdigest()
        try:
            with self._writing() as connection:
                if random.randrange(_CLEAN_EVERY) == 0:  # noqa: S311
                    connection.execute(delete(tokens).where(tokens.c.expires < datetime.now(UTC).timestamp()))
                connection.execute(insert(tokens), {"id": identity, "expires": expires})
        except IntegrityError:
            return False
        return True

    # -- upkeep ---------------------------------------------------------------------------------------------------------

    def upgrade(self) -> None:
        """Brings the tables to the form that this release needs."""
        try:
            upgrade(self._engine)
        except SQLAlchemyError as error:
            failed = type(error).__name__
        else:
            self._upgraded = True
            self._inode = self._file.stat().st_ino if self._file else None
            return
        self.count_failure()
        raise MemoryDown(failed)

    def close(self) -> None:
        """Closes the connections of this process."""
        if self._pid == os.getpid():
            self._made.dispose()
            self._pid = 0

    def check(self) -> None:
        """Can it be written to?"""
        with self._writing() as connection:
            connection.execute(delete(tokens).where(tokens.c.id == "-"))

    def prune(self, before: datetime) -> int:
        """Deletes calls and feedback of before this day, with everything that hangs on them; returns how many rows."""
        moment = _utc(before)
        with self._writing() as connection:
            take_your_time(connection)
            gone = connection.execute(delete(calls).where(calls.c.at < moment)).rowcount
            gone += connection.execute(delete(feedback).where(feedback.c.received_at < moment)).rowcount
            gone += connection.execute(delete(tokens).where(tokens.c.expires < datetime.now(UTC).timestamp())).rowcount
        return gone

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads."""
        with self._session(reading=True) as connection:
            yield connection

    @contextmanager
    def _writing(self, *, durable: bool = False) -> Iterator[Connection]:
        """A transaction that is committed in the end; ``durable``: not before it is on disk."""
        with self._session(reading=False) as connection:
            if self._engine.dialect.name != "sqlite" or not durable:
                yield connection
            else:
                raw = connection.connection.driver_connection
                raw.execute("PRAGMA synchronous=FULL")  # type: ignore[union-attr]
                try:
                    yield connection
                    connection.commit()
                finally:
                    connection.rollback()
                    raw.execute("PRAGMA synchronous=NORMAL")  # type: ignore[union-attr]

    @contextmanager
    def _session(self, *, reading: bool) -> Iterator[Connection]:
        """A database that fails is MemoryDown, and left alone for some seconds: it must not cost every call its patience."""
        self.refuse_when_down()
        failed, counts = "", True
        self._look_for_the_file()
        try:
            if not self._upgraded:
                self.upgrade()
            with self._engine.connect().execution_options(**{READING: reading}) as connection:
                yield connection
                connection.commit()
        except (IntegrityError, MemoryDown):
            raise
        except SQLAlchemyError as error:
            # A deadlock and a value that the database does not take say nothing about the next call.
            failed = type(error).__name__
            counts = not isinstance(error, DataError) and type(getattr(error, "orig", None)).__name__ not in _PASSING
        if not failed:
            if not reading:  # a database that can only be read is down as well
                self._breaker.reset()
            return
        if counts:
            self.count_failure()
        raise MemoryDown(failed)

    @property
    def on_a_server(self) -> bool:
        return self._file is None

    def refuse_when_down(self) -> None:
        """Raises MemoryDown while the database is left alone."""
        if self._breaker.opened:
            raise MemoryDown("left alone for some seconds")

    def count_failure(self) -> None:
        """The breaker keeps what it is shown: not the error itself, which holds the rows that could not be written."""
        with suppress(MemoryDown), self._breaker:
            raise MemoryDown


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)


def _aware(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)
