"""The memory: SQLAlchemy over SQLite or PostgreSQL. Nothing here decides anything about a patient."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, delete, func, insert, select
from sqlalchemy.exc import IntegrityError

from ..ids import new_uuid
from ..pathway.rests import LONGEST_DAYS, Answered, Facts
from . import rates
from .backlog import Backlog
from .database import Database
from .engine import take_your_time
from .facts import FactsVeil, packed, unpacked
from .lines import find_late_since, line_of
from .tables import accepted, calls, cards, feedback, tokens
from .veil import Veil

_CLEAN_EVERY = 1000  # uses of a token between two removals of expired ones


# The cards of a patient that were overridden, the latest last. Built once: building it takes longer than asking it.
_OVERRIDDEN = (
    select(cards.c.card, feedback.c.received_at, calls.c.hook, calls.c.encounter, feedback.c.reason, cards.c.facts)
    .join_from(feedback, cards, feedback.c.card == cards.c.uuid)
    .join(calls, cards.c.call == calls.c.id)
    .where(
        feedback.c.patient == bindparam("patient"),
        feedback.c.client == bindparam("client"),
        feedback.c.outcome == "overridden",
        feedback.c.received_at >= bindparam("since"),
        calls.c.client == bindparam("client"),
        calls.c.shadow.is_(False),
    )
    .order_by(feedback.c.received_at, feedback.c.id)
)


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
    suggestions: Sequence[tuple[str, str]]  # uuid and name


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


class Heard(NamedTuple):
    """A statement that was new: on which card of the content, as far as it is known here, and what was done with it."""

    card: str | None
    outcome: str


class Memory(Database):
    """One per application. Every method but ``remember`` raises MemoryDown when the database does not answer."""

    def __init__(self, url: str, veil: Veil, keep_comments: bool = False, journal: Path | None = None) -> None:
        super().__init__(url)
        self._veil = veil
        self._keep_comments = keep_comments
        self._backlog = Backlog(self, journal)
        self._asked: tuple[str, tuple[str, ...], Mapping[str, object]] | None = None

    # -- who ------------------------------------------------------------------------------------------------------------

    def caller(self, client: str, patient: str, user: str, encounter: str | None) -> Caller:
        """The identities of a call, hashed for this client."""
        of = self._veil.of
        return Caller(
            client, of(patient, "patient", client), of(user, "user", client), of(encounter, "encounter", client, patient)
        )

    def veil_for(self, caller: Caller) -> FactsVeil:
        """Hides the facts of one call."""
        return FactsVeil(self._veil, caller.patient)

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
        """Records a call and its cards: when this returns they are out of the reach of a crash of this process, and some
        moments later in the database. Raises MemoryDown when too much waits for it."""
        client, patient, user, encounter = caller
        at = _utc(now).isoformat(" ", "microseconds")
        row = (new_uuid(), at, client, service, hook, instance, patient, user, encounter, content, shadow)
        shown = [
            (one.uuid, one.card, one.indicator, packed(one.facts), [(u, name[:200]) for u, name in one.suggestions])
            for one in served
        ]
        self._backlog.add(line_of(row, shown))

    def settle(self) -> None:
        """Brings what this process has remembered into the database."""
        self._backlog.settle()

    def recover(self) -> None:
        """Brings in what processes that are gone have left."""
        self._backlog.recover()

    def on_loss(self, tell: Callable[[int, str], None]) -> None:
        """Whom to tell of calls that are lost."""
        self._backlog.tell_loss = tell

    def close(self) -> None:
        """Brings in what waits and closes the connections of this process."""
        self._backlog.close()
        super().close()

    def answered(self, caller: Caller, now: datetime) -> list[Answered]:
        """The cards of this patient that were overridden and may still rest."""
        since = _utc(now) - timedelta(days=LONGEST_DAYS + 1)
        if self.on_a_server:
            with self.reading() as connection:
                asked = {"patient": caller.patient, "client": caller.client, "since": since}
                rows: Sequence[Any] = connection.execute(_OVERRIDDEN, asked).all()
        else:
            query, names, fixed = self._asked = self._asked or self._overridden()
            values = {**fixed, "patient": caller.patient, "client": caller.client, "since": since.isoformat(" ", "microseconds")}
            rows = self.rows(query, [values[name] for name in names])
        return [
            Answered(card, _aware(at), hook, encounter, reason, unpacked(facts))
            for card, at, hook, encounter, reason, facts in rows
        ]

    def _overridden(self) -> tuple[str, tuple[str, ...], Mapping[str, object]]:
        """The question in the words of SQLite, and its values in their order."""
        compiled = _OVERRIDDEN.compile(dialect=self.dialect)
        return str(compiled), tuple(getattr(compiled, "positiontup", ())), compiled.params

    # -- what was said --------------------------------------------------------------------------------------------------

    def hear(self, client: str, service: str, items: Iterable[Said], now: datetime) -> list[Heard]:
        """Records feedback, all of it or nothing; returns the items that were new, when they are committed to disk."""
        items = list(items)
        self.settle()
        with self.writing(durable=True) as connection:
            # In one order for everybody: two deliveries of the same items must not wait for each other.
            ordered = sorted(items, key=Said.digest)
            heard = [self._hear(connection, client, service, item, now) for item in ordered]
        new = [one for one in heard if one is not None]
        if any(one.card is None for one in new):  # the card may have come in between, and its process did not see this
            with self.writing() as connection:
                find_late_since(connection, _utc(now))
        return new

    def lacks(self, client: str, items: Iterable[Said]) -> bool:
        """Is there a card among them that is not known here, or not yet?"""
        wanted = {item.card.lower() for item in items}
        self.settle()
        if self._known(client, wanted) == len(wanted):
            return False
        self.recover()
        return self._known(client, wanted) < len(wanted)

    def _known(self, client: str, wanted: Collection[str]) -> int:
        known = select(func.count()).select_from(cards).join(calls, cards.c.call == calls.c.id)
        with self.reading() as connection:
            found: int = connection.execute(known.where(cards.c.uuid.in_(wanted), calls.c.client == client)).scalar_one()
        return found

    def _hear(self, connection: Connection, client: str, service: str, item: Said, now: datetime) -> Heard | None:
        digest = item.digest()
        known = select(cards.c.card, cards.c.patient).join_from(cards, calls, cards.c.call == calls.c.id)
        known = known.where(cards.c.uuid == item.card.lower(), calls.c.client == client)
        card, patient = connection.execute(known).one_or_none() or (None, None)
        row: dict[str, Any] = {
            "client": client,
            "service": service,
            "card": item.card.lower(),
            "known": card is not None,
            "outcome": item.outcome,
            "outcome_at": _utc(item.outcome_at),
            "received_at": _utc(now),
            "reason": item.reason,
            "reason_system": item.reason_system,
            "commented": item.comment is not None,
            "comment": item.comment if self._keep_comments else None,
            "digest": digest,
            "patient": patient,
        }
        try:
            with connection.begin_nested():
                made = connection.execute(insert(feedback), row).inserted_primary_key
                number = made[0] if made else None
                if item.accepted:
                    rows = [{"feedback": number, "suggestion": s} for s in dict.fromkeys(item.accepted)]
                    connection.execute(insert(accepted), rows)
        except IntegrityError:
            return None  # delivered before
        return Heard(card, item.outcome)

    # -- used tokens ----------------------------------------------------------------------------------------------------

    def first_time(self, issuer: str, jti: str, expires: float) -> bool:
        """Remembers a token until it expires. False when it was seen before, by whatever process."""
        identity = hashlib.sha256(f"{issuer}\x1f{jti}".encode("utf-8", "surrogatepass")).hexdigest()
        try:
            with self.writing() as connection:
                if random.randrange(_CLEAN_EVERY) == 0:  # noqa: S311
                    connection.execute(delete(tokens).where(tokens.c.expires < datetime.now(UTC).timestamp()))
                connection.execute(insert(tokens), {"id": identity, "expires": expires})
        except IntegrityError:
            return False
        return True

    # -- how often ------------------------------------------------------------------------------------------------------

    def take(self, client: str, address: str, a_minute: int, now: float) -> float:
        """Takes one of the calls that a client has a minute, or says how many seconds it has to wait."""
        with self.writing() as connection:
            return rates.take(connection, self._veil.of(f"{client}\x1f{address}", "rate"), a_minute, now)

    # -- upkeep ---------------------------------------------------------------------------------------------------------

    def check(self) -> None:
        """Can it be written to?"""
        with self.writing() as connection:
            connection.execute(delete(tokens).where(tokens.c.id == "-"))

    def prune(self, before: datetime) -> int:
        """Deletes calls and feedback of before this day, with everything that hangs on them; returns how many rows."""
        moment = _utc(before)
        self.settle()
        self.recover()
        with self.writing() as connection:
            take_your_time(connection)
            gone = connection.execute(delete(calls).where(calls.c.at < moment)).rowcount
            gone += connection.execute(delete(feedback).where(feedback.c.received_at < moment)).rowcount
            gone += connection.execute(delete(tokens).where(tokens.c.expires < datetime.now(UTC).timestamp())).rowcount
        return gone


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)


def _aware(moment: datetime | str) -> datetime:
    """SQLite gives the text that it keeps."""
    return (datetime.fromisoformat(moment) if isinstance(moment, str) else moment).replace(tzinfo=UTC)
