"""Callers that keep their connections, one call after the other."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from .bodies import Body
from .in_process import PATH
from .services import TICK, Running


@dataclass(frozen=True)
class Sample:
    """A round of calls."""

    cpu_ms: float  # of the worker, each call
    seconds: float  # all of it
    latencies: tuple[float, ...]  # milliseconds, sorted

    @property
    def a_second(self) -> float:
        return len(self.latencies) / self.seconds

    def latency(self, share: float) -> float:
        return self.latencies[min(int(len(self.latencies) * share), len(self.latencies) - 1)]


def measure(running: Running, body: Body, calls: int, connections: int = 1) -> Sample:
    """Every call must be answered with 200."""
    each = max(calls // connections, 1)
    with _connected(running.port, connections) as callers:
        heard: list[list[float]] = [[] for _ in callers]
        threads = [
            threading.Thread(target=_call, args=pair, kwargs={"body": body, "calls": each})
            for pair in zip(callers, heard, strict=True)
        ]
        used, began = running.cpu_ms(), time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seconds, used = time.perf_counter() - began, running.cpu_ms() - used
    latencies = tuple(sorted(one for some in heard for one in some))
    if len(latencies) != each * connections:
        raise RuntimeError(f"{each * connections - len(latencies)} of {each * connections} calls were not answered")
    return Sample(max(used, TICK) / len(latencies), seconds, latencies)


@contextmanager
def _connected(port: int, number: int) -> Iterator[list[socket.socket]]:
    connections = [socket.create_connection(("127.0.0.1", port), timeout=60) for _ in range(number)]
    for connection in connections:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        yield connections
    finally:
        for connection in connections:
            connection.close()


def _call(connection: socket.socket, heard: list[float], *, body: Body, calls: int) -> None:
    head = f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\nContent-Type: application/json\r\n"
    start = f"{head}Content-Length: {body.length}\r\n\r\n".encode()
    for _ in range(calls):
        sent = start + body.next()
        began = time.perf_counter()
        connection.sendall(sent)
        if not _answered(connection):
            return
        heard.append((time.perf_counter() - began) * 1000)


def _answered(connection: socket.socket) -> bool:
    """Reads one answer to its end."""
    read = connection.recv(65536)
    while read and b"\r\n\r\n" not in read:
        read += connection.recv(65536)
    head, _, rest = read.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200 "):
        return False
    length = int(head.lower().partition(b"content-length:")[2].partition(b"\r")[0])
    while len(rest) < length:
        more = connection.recv(65536)
        if not more:
            return False
        rest += more
    return True
