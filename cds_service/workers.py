"""The workers of the production server: gunicorn's threads, and a time in which a request has to arrive.

gunicorn's threads read without a limit of time, so a client that sends a byte now and then keeps a thread for ever. Here a
connection can be read only until a moment that is set when a thread takes it.
"""

from __future__ import annotations

import errno
import logging
import math
import selectors
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from http import HTTPStatus
from typing import Any

import orjson
from gunicorn import util
from gunicorn.http import errors as refused
from gunicorn.http.body import LengthReader
from gunicorn.workers.gthread import TConn, ThreadWorker

from .errors import ISSUE_CODES, outcome

_log = logging.getLogger("cds_service")
# How long a client may go on sending after it was answered for the last time, so that it can read that answer.
_LEAVE_SECONDS = 2.0
_LARGE = 65536  # bytes that leave at once
_HEAD = 8192  # bytes that gunicorn reads at a time where it does not know how many will come
_TIMEVAL = struct.Struct("@ll")
_STATUS: tuple[tuple[type[Exception], HTTPStatus], ...] = (
    (refused.LimitRequestLine, HTTPStatus.REQUEST_URI_TOO_LONG),
    (refused.LimitRequestHeaders, HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE),
    (refused.ExpectationFailed, HTTPStatus.EXPECTATION_FAILED),
    (refused.UnsupportedTransferCoding, HTTPStatus.NOT_IMPLEMENTED),
    (refused.InvalidResponseHeader, HTTPStatus.INTERNAL_SERVER_ERROR),
    (refused.InvalidResponseHeaderName, HTTPStatus.INTERNAL_SERVER_ERROR),
    (refused.ConfigurationProblem, HTTPStatus.INTERNAL_SERVER_ERROR),
    (refused.ParseException, HTTPStatus.BAD_REQUEST),
)


class Client(socket.socket):
    """The connection of a client. It can be read until ``until``, and each piece of an answer must be taken in ``seconds``.

    Most often everything has arrived, and all of an answer fits into the buffers of the system: that costs one call of the
    system and no timeout.
    """

    until = math.inf
    seconds = math.inf
    _held: list[bytes] | None = None

    def recv(self, size: int, flags: int = 0) -> bytes:
        left = self.until - time.monotonic()
        if left <= 0:
            raise _too_slow()
        if self.gettimeout() is None:
            try:
                if size <= _HEAD or left == math.inf:
                    return super().recv(size, flags | socket.MSG_DONTWAIT)
                # Of a body gunicorn asks for exactly what is left: the system collects it, however it drips, until time is up.
                # None at all would be all the time.
                self.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _TIMEVAL.pack(*divmod(int(left * 1e6) + 1, 1_000_000)))
                return super().recv(size, flags | socket.MSG_WAITALL)
            except BlockingIOError:
                left = self.until - time.monotonic()
                if left <= 0:
                    raise _too_slow() from None
        with self._within(left):
            return super().recv(size, flags)

    def sendall(self, data: Any, flags: int = 0) -> None:
        if self._held is None:
            self._send(data, flags)
            return
        self._held.append(data)
        if len(data) > _LARGE:
            self.let_go()

    def sendfile(self, *arguments: Any, **more: Any) -> int:
        self.let_go()
        return super().sendfile(*arguments, **more)

    @contextmanager
    def in_one_piece(self) -> Iterator[None]:
        """What is sent meanwhile leaves in the end: gunicorn sends the head of an answer and its body apart."""
        self._held = []
        try:
            yield
            self.let_go()
        finally:
            self._held = None

    def let_go(self) -> None:
        held, self._held = self._held, None
        if held:
            self._send(b"".join(held), 0)

    def _send(self, data: Any, flags: int) -> None:
        sent = 0
        if self.gettimeout() is None:
            with suppress(BlockingIOError):
                sent = super().send(data, flags | socket.MSG_DONTWAIT)
        if sent < len(data):
            with self._within(self.seconds):  # of all of it, however it drips
                super().sendall(memoryview(data)[sent:], flags)

    @contextmanager
    def _within(self, left: float) -> Iterator[None]:
        """A shorter timeout for one call. A client that is too slow counts as one that is gone: gunicorn makes no noise then."""
        before = self.gettimeout()
        if before is None or before > left:
            self.settimeout(None if left == math.inf else left)
        try:
            yield
        except TimeoutError:
            raise _too_slow() from None
        finally:
            self.settimeout(before)


def _too_slow() -> ConnectionResetError:
    return ConnectionResetError(errno.ECONNRESET, "too slow")


class Worker(ThreadWorker):  # type: ignore[misc]
    """Threads that no client keeps for longer than ``seconds`` with sending, and as long again with reading."""

    seconds = math.inf

    def enqueue_req(self, conn: TConn) -> None:
        """A connection takes a thread when it says something; until then it waits in the loop."""
        if conn.initialized or conn.data_ready or not self.alive:
            super().enqueue_req(conn)
            return
        conn.sock.setblocking(False)
        conn.set_timeout()
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self.on_pending_socket_readable, conn))

    def _cap_keepalive(self, deadline: float) -> None:
        """When it stops: connections on which nothing was said are no reason to wait."""
        super()._cap_keepalive(deadline)
        for conn in self.pending_conns:
            conn.timeout = min(conn.timeout, deadline)

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        """Takes no connection that it has no thread for: where it waits now, any worker can take it."""
        busy = self.nr_conns - len(self.keepalived_conns) - len(self.pending_conns)
        if self.alive and busy >= self.cfg.threads:
            self.set_accept_enabled(False)  # the loop of gunicorn switches it on again
        super().wait_for_and_dispatch_events(timeout)

    def handle(self, conn: TConn) -> object:
        if not isinstance(conn.sock, Client):
            conn.sock = Client(fileno=conn.sock.detach())
            conn.sock.seconds = self.seconds
        conn.sock.until = time.monotonic() + self.seconds
        kept: object = super().handle(conn)
        if not kept:
            self._take_leave(conn.sock)
        return kept

    def handle_request(self, req: Any, conn: TConn) -> object:
        with conn.sock.in_one_piece():
            kept: object = super().handle_request(req, conn)
        return kept

    def _keepalive_after(self, conn: TConn, keepalive: object) -> bool:
        """Nothing has to be thrown away of a body that was read: gunicorn would set timeouts and try."""
        body = conn.parser.mesg.body
        if keepalive and isinstance(body.reader, LengthReader) and not (body.reader.length or body.buf.tell() or body.failed):
            return True
        kept: bool = super()._keepalive_after(conn, keepalive)
        return kept

    @staticmethod
    def _take_leave(client: Client) -> None:
        """gunicorn waits for a client to hang up in the loop that accepts all others: that wait is here, in a thread."""
        client.until = min(client.until, time.monotonic() + _LEAVE_SECONDS)
        with suppress(OSError):
            client.shutdown(socket.SHUT_WR)
            client.setblocking(True)
            while client.recv(65536):
                pass
        client.until = 0

    def handle_error(self, req: object, client: socket.socket, addr: object, exc: BaseException) -> None:
        """A request that never came to the application is refused as any other, and neither told nor logged in its own words."""
        status = next((status for kind, status in _STATUS if isinstance(exc, kind)), HTTPStatus.INTERNAL_SERVER_ERROR)
        if status is HTTPStatus.INTERNAL_SERVER_ERROR:
            _log.error("unexpected error", extra={"fields": {"error": type(exc).__name__}})
        else:
            _log.warning("request refused", extra={"fields": {"status": status.value, "error": type(exc).__name__}})
        code = "exception" if status is HTTPStatus.INTERNAL_SERVER_ERROR else ISSUE_CODES.get(status, "processing")
        body = orjson.dumps(outcome(code, status.phrase))
        head = f"HTTP/1.1 {status.value} {status.phrase}\r\nConnection: close\r\nContent-Type: application/json\r\n"
        with suppress(OSError):
            util.write_nonblock(client, f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)


def punctual(seconds: float) -> type[Worker]:
    """The workers of a server that waits so long for a request."""
    return type("Worker", (Worker,), {"seconds": seconds})
