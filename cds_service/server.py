"""The production server: gunicorn with threads, the application loaded once before the workers are forked."""

from __future__ import annotations

import gc
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from .addresses import url_host
from .web.logs import ForeignLines, to_stderr
from .workers import punctual

_log = logging.getLogger("cds_service")
_THREADS = 16
REQUEST_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Listening:
    """Where requests are taken, by how many processes, and how long one may take to arrive."""

    host: str
    port: int
    workers: int = 1
    bind: str | None = None  # instead of host and port: unix:PATH
    request_seconds: float = REQUEST_SECONDS

    @property
    def address(self) -> str:
        return self.bind or f"{url_host(self.host)}:{self.port}"


class _Log(Logger):  # type: ignore[misc]
    """JSON lines as everything else. What this process says of its workers is kept; what a worker says of a request may quote
    it."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        self.error_log.handlers[:] = [to_stderr(ForeignLines(trusted=os.getpid()))]


class _Server(BaseApplication):  # type: ignore[misc]
    def __init__(self, app: Flask, options: dict[str, Any], anew: Callable[[], Flask] | None) -> None:
        self._app = app
        self._options = options
        self._anew = anew
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        return self._app

    def reload(self) -> None:
        """On SIGHUP: content and CDS Clients are read anew, and new workers take over. What would stop a start stops nothing."""
        if self._anew is None:
            return
        try:
            app = self._anew()
        except Exception as error:
            told = {"error": type(error).__name__, "why": _why(error)}
            _log.error("reload refused, the old content stays", extra={"fields": told})
            return
        self._app = self.callable = app
        gc.unfreeze()
        _leave_what_is_built_alone()
        _log.info("reloaded", extra={"fields": {"content": app.extensions["runtime"].library.version}})


def run(
    app: Flask,
    where: Listening,
    *,
    ready: Callable[[], object] = lambda: None,
    anew: Callable[[], Flask] | None = None,
    begins: Callable[[Flask], object] = lambda _: None,
    ended: Callable[[int], object] = lambda _: None,
) -> int:
    """Serves until it is told to stop; requests in flight are finished. ``ready`` is called once the port is bound, ``anew``
    makes the application once more on SIGHUP, ``begins`` is called in each worker before it takes requests, ``ended`` with the
    process id of a worker that is gone."""
    settings = app.config["CDS"]
    if settings.now:
        _log.warning("the clock is fixed by CDS_NOW", extra={"fields": {"now": settings.now.isoformat()}})
    _leave_what_is_built_alone()
    hooks = {
        "when_ready": lambda _server: ready(),
        "post_fork": lambda server, _worker: begins(server.app.load()),  # after a SIGHUP it is another application
        "child_exit": lambda _server, worker: ended(worker.pid),
    }
    _Server(app, _options(where) | hooks, anew).run()
    return 0


def _leave_what_is_built_alone() -> None:
    """What was built at start stays: leave it out of every garbage collection, and collect less often (one request of a
    thousand resources makes many short-lived objects and no cycles)."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)


def _options(where: Listening) -> dict[str, Any]:
    return {
        "bind": where.address,
        "umask": 0o007,  # of a unix socket: its group may connect, nobody else
        "workers": where.workers,
        "worker_class": punctual(where.request_seconds),
        "threads": _THREADS,
        "worker_connections": 500,  # of a worker, most of them idle; a process may open 1024 files unless the machine says more
        "preload_app": True,
        "graceful_timeout": 30,
        # Longer than gateways keep their end (nginx: 60 seconds), so that no request meets a connection that is just closed.
        "keepalive": 75,
        "limit_request_line": 4096,
        "limit_request_fields": 60,
        # Longer than a token may be, so that one that is too long is refused as any other.
        "limit_request_field_size": 32 * 1024,
        "loglevel": "warning",
        "logger_class": _Log,
        **_ONE_DOOR,
    }


# gunicorn would believe forwarded headers of this machine and of unix sockets, whatever CDS_TRUSTED_PROXIES says, and open a
# socket for commands in the home folder.
_ONE_DOOR: dict[str, Any] = {
    "forwarded_allow_ips": "",
    "secure_scheme_headers": {},
    "forwarder_headers": "",
    "control_socket_disable": True,
}


def _why(error: Exception) -> str:
    """The reason of a refused reload: the texts of the service's own errors are written for operators, others are not told."""
    return str(error) if type(error).__module__.startswith("cds_service.") else ""
