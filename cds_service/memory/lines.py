"""A call as one line of JSON, and such lines as rows of the tables. Hashes only: what a line holds is what the tables hold."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import chain
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, Dialect, Table, bindparam, select, update

from .tables import calls, cards, feedback, suggestions

Row = tuple[Any, ...]
_TEXTS = len(calls.columns) - 1  # all but the last, which says whether it is of shadow mode
_MOST_VALUES = 900  # of one statement: older releases of SQLite take 999
_PATIENT = calls.columns.keys().index("patient")

_THEIRS = (cards.c.uuid == feedback.c.card) & (calls.c.client == feedback.c.client)
# Feedback may overtake its card: what came since a moment, and was not known then.
_LATE = (
    update(feedback)
    .where(
        feedback.c.known.is_(False),
        feedback.c.received_at >= bindparam("since"),
        select(cards.c.uuid).join_from(cards, calls, cards.c.call == calls.c.id).where(_THEIRS).exists(),
    )
    .values(known=True, patient=select(cards.c.patient).where(cards.c.uuid == feedback.c.card).scalar_subquery())
)


class Rows(NamedTuple):
    """What is inserted, table by table."""

    calls: list[Row]
    cards: list[Row]
    suggestions: list[Row]


def line_of(call: Sequence[Any], shown: Sequence[Sequence[Any]]) -> bytes:
    """``call`` in the order of the columns; ``shown``: uuid, card, indicator, facts, and the suggestions as uuid and name."""
    return orjson.dumps((*call, shown)) + b"\n"


def rows_of(lines: Sequence[bytes]) -> Rows:
    found = Rows([], [], [])
    for line in lines:
        *call, shown = orjson.loads(line)
        found.calls.append(tuple(call))
        for uuid, card, indicator, facts, offered in shown:
            found.cards.append((uuid, call[0], call[_PATIENT], card, indicator, facts))
            found.suggestions.extend([(one, uuid, name) for one, name in offered])
    return found


def is_sound(line: bytes) -> bool:
    """Is it a line that was written whole?"""
    try:
        rows = rows_of([line])
        *texts, shadow = rows.calls[0]
        datetime.fromisoformat(texts[1])
    except (ValueError, TypeError, IndexError):
        return False
    values = (*texts, *(value for row in (*rows.cards, *rows.suggestions) for value in row))
    return len(texts) == _TEXTS and isinstance(shadow, bool) and all(isinstance(value, str) for value in values)


def find_late(connection: Connection, rows: Rows) -> None:
    """Feedback that was given on one of these cards before they were here."""
    find_late_since(connection, datetime.fromisoformat(min(call[1] for call in rows.calls)))


def find_late_since(connection: Connection, since: datetime) -> None:
    """Feedback since a moment, on cards that came after it."""
    connection.execute(_LATE, {"since": since})


class Insertion:
    """Inserts into one kind of database. A row that is there already stays as it is.

    SQLAlchemy's own inserts prepare every value of every row; these take the rows as they are, many in one statement: between
    two statements a thread gives way to the others.
    """

    def __init__(self, dialect: Dialect) -> None:
        self._calls, self._cards, self._suggestions = (_Insert(dialect, table) for table in (calls, cards, suggestions))

    def run(self, connection: Connection, rows: Rows) -> None:
        self._calls.run(connection, rows.calls)
        self._cards.run(connection, rows.cards)
        self._suggestions.run(connection, rows.suggestions)


class _Insert:
    """Inserts into one table. There is a statement for every power of two, so that each is prepared once."""

    def __init__(self, dialect: Dialect, table: Table) -> None:
        quote = dialect.identifier_preparer.quote
        mark = "?" if dialect.paramstyle == "qmark" else "%s"
        names = ", ".join(quote(column.name) for column in table.columns)
        self._begin = f"INSERT INTO {quote(table.name)} ({names}) VALUES "  # noqa: S608
        self._row = f"({', '.join(mark for _ in table.columns)})"
        self._most = 1 << (_MOST_VALUES // len(table.columns)).bit_length() - 1
        self._statements: dict[int, str] = {}

    def run(self, connection: Connection, rows: list[Row]) -> None:
        start, size = 0, self._most
        while start < len(rows):
            while size > len(rows) - start:
                size >>= 1
            connection.exec_driver_sql(self._of(size), tuple(chain.from_iterable(rows[start : start + size])))
            start += size

    def _of(self, size: int) -> str:
        if size not in self._statements:
            self._statements[size] = f"{self._begin}{', '.join([self._row] * size)} ON CONFLICT DO NOTHING"
        return self._statements[size]
