"""How often a CDS Client may call: CDS_RATE_LIMIT, one count for all processes and hosts on one database."""

from __future__ import annotations

import ipaddress
import logging
import threading
import time

from ..errors import TooManyRequests
from ..trust.clients import CdsClient
from .metrics import Metrics
from .recorder import Recorder

_log = logging.getLogger("cds_service")
_MOST_WAITING = 10_000  # clients that a process remembers to be waiting


class Pace:
    """Counts hook calls and feedback. ``a_minute`` None: nobody is counted."""

    def __init__(self, a_minute: int | None, recorder: Recorder, metrics: Metrics) -> None:
        self._a_minute = a_minute
        self._recorder = recorder
        self._metrics = metrics
        self._lock = threading.Lock()
        self._waiting: dict[tuple[str, str], float] = {}

    def keep(self, client: CdsClient, peer: str | None) -> None:
        """Takes one call of this client; of a caller in open mode by its address. Raises TooManyRequests."""
        if self._a_minute is None:
            return
        who, now = (client.name, "" if client.issuer else network(peer)), time.time()
        wait = self._waiting.get(who, 0.0) - now
        if wait <= 0:
            wait = self._recorder.take(*who, self._a_minute, now)
            if not wait:
                return
            # Whatever others take meanwhile, it cannot become shorter: until then nobody has to be asked.
            self._remember(who, now + wait, now)
            _log.warning("too many requests", extra={"fields": {"client": client.name, "seconds": round(wait, 3)}})
        self._metrics.rate_limited()
        raise TooManyRequests(wait)

    def _remember(self, who: tuple[str, str], until: float, now: float) -> None:
        with self._lock:
            if len(self._waiting) >= _MOST_WAITING:
                self._waiting = {other: end for other, end in self._waiting.items() if end > now}
            if len(self._waiting) < _MOST_WAITING:
                self._waiting[who] = until


def network(peer: str | None) -> str:
    """Whom an address stands for: of IPv6 the network of 64 bits, because one machine has all of its addresses."""
    try:
        address = ipaddress.ip_address((peer or "").split("%")[0])
    except ValueError:
        return peer or ""
    if isinstance(address, ipaddress.IPv6Address):
        plain = address.ipv4_mapped
        return str(plain) if plain else str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
