"""How often a client may call, counted once for all processes and hosts: the generic cell rate algorithm, one row a client.

A client has a minute's worth of calls, which is refilled evenly. The row holds the moment at which it will be full again; each
call puts that off by the time that one call takes to refill, and is refused when that would be more than a minute ahead.
"""

from __future__ import annotations

import random

from sqlalchemy import Connection, delete, select, text

from .tables import rates

_MINUTE = 60_000_000  # microseconds
_CLEAN_EVERY = 1000  # calls between two removals of rows that say nothing any more

# One statement decides and counts, so that two calls at once cannot both take the last place.
_TAKE = text(
    "INSERT INTO rates (id, full_at) VALUES (:id, :first) ON CONFLICT (id) DO UPDATE SET full_at ="
    " CASE WHEN rates.full_at > :now THEN rates.full_at + :step ELSE :first END WHERE rates.full_at <= :latest"
)


def take(connection: Connection, who: str, a_minute: int, now: float) -> float:
    """Takes one call of this client; how many seconds it has to wait instead, 0.0 when it was taken."""
    moment, step = int(now * 1_000_000), max(_MINUTE // a_minute, 1)
    latest = moment + step * (a_minute - 1)
    if random.randrange(_CLEAN_EVERY) == 0:  # noqa: S311
        connection.execute(delete(rates).where(rates.c.full_at < moment))
    values = {"id": who, "first": moment + step, "now": moment, "step": step, "latest": latest}
    if connection.execute(_TAKE, values).rowcount:
        return 0.0
    full_at = connection.execute(select(rates.c.full_at).where(rates.c.id == who)).scalar_one()
    return float(max(full_at - latest, 1)) / 1_000_000
