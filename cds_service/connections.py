"""Connections to EHRs: never to an address that nobody may be sent to, and cut when a call runs out of time.

The timeout of a socket starts anew with every byte. A server that drips its headers would hold a thread for hours; so each
call holds a second handle on its connection, by which the waiting thread can shut it.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from .addresses import is_forbidden

_here = threading.local()


class ForbiddenAddress(OSError):
    """The name of the server leads to an address that no FHIR server can have."""


class Call:
    """One request under way in a thread, as another thread sees it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._plug: socket.socket | None = None
        self._cut = False
        self.forbidden = False

    def __enter__(self) -> Call:
        _here.call = self
        return self

    def __exit__(self, *_: object) -> None:
        _here.call = None
        self._hold(None)

    def runs_over(self, connected: socket.socket) -> None:
        """Takes a handle of its own: the connection may let go of its socket while the answer is still read from it."""
        self._hold(socket.socket(fileno=os.dup(connected.fileno())))
        if self._cut:
            self.cut()

    def _hold(self, plug: socket.socket | None) -> None:
        with self._lock:
            held, self._plug = self._plug, plug
        if held is not None:
            held.close()

    def cut(self) -> None:
        """Shuts the connection that the call runs over, and the next one that it opens."""
        with self._lock:
            self._cut = True
            if self._plug is not None:
                with contextlib.suppress(OSError):  # it has ended by itself
                    self._plug.shutdown(socket.SHUT_RDWR)


class _Guarded(HTTPConnection):
    """Looks where a connection has led before anything is sent over it."""

    def _new_conn(self) -> socket.socket:
        opened = super()._new_conn()
        call: Call | None = getattr(_here, "call", None)
        if is_forbidden(str(opened.getpeername()[0])):
            opened.close()
            if call:
                call.forbidden = True
            raise ForbiddenAddress("forbidden address")
        if call:
            call.runs_over(opened)
        return opened

    def request(self, *args: Any, **kwargs: Any) -> None:
        call: Call | None = getattr(_here, "call", None)
        if call and self.sock is not None:
            call.runs_over(self.sock)
        super().request(*args, **kwargs)


class _GuardedTls(_Guarded, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Guarded


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _GuardedTls


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}


class Bearer(AuthBase):
    """The access token of this call, or nothing; never a login from a netrc file."""

    def __init__(self, token: str | None) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def new_session(connections: int) -> requests.Session:
    """A session with so many pooled connections to each server. What one call is given does not travel with the next."""
    session = requests.Session()
    adapter = _Adapter(pool_connections=connections, pool_maxsize=connections)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    # Several servers send XML when they are asked for anything else.
    session.headers["Accept"] = "application/fhir+json"
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    # The environment is read once here and not at every call; proxies are looked up for each server (client.py).
    session.trust_env = False
    session.verify = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True
    return session
