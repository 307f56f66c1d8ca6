"""The production server: gunicorn with threads, the application loaded once before the workers are forked."""

from __future__ import annotations

import gc
import logging
import os
from collections.abc import Callable
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from .addresses import url_host
from .web.logs import ForeignLines, to_stderr

_log = logging.getLogger("cds_service")
_THREADS = 16


class _Log(Logger):  # type: ignore[misc]
    """JSON lines as everything else. What this process says of its workers is kept; what a worker says of a request may quote
    it."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        self.error_log.handlers[:] = [to_stderr(ForeignLines(trusted=os.getpid()))]


class _Server(BaseApplication):  # type: ignore[misc]
    def __init__(self, app: Flask, options: dict[str, Any]) -> None:
        self._app = app
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        return self._app


def run(
    app: Flask,
    host: str,
    port: int,
    workers: int,
    ready: Callable[[], object] | None = None,
    begins: Callable[[], object] = lambda: None,
    ended: Callable[[int], object] = lambda _: None,
) -> int:
    """Serves until it is told to stop; requests in flight are finished. ``ready`` is called once the port is bound,
    ``begins`` in each worker before it takes requests, ``ended`` with the process id of a worker that is gone."""
    settings = app.config["CDS"]
    if settings.now:
        _log.warning("the clock is fixed by CDS_NOW", extra={"fields": {"now": settings.now.isoformat()}})
    # What was built at start stays: leave it out of every garbage collection, and collect less often (one request of a
    # thousand resources makes many short-lived objects and no cycles).
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)
    _Server(
        app,
        {
            "bind": f"{url_host(host)}:{port}",
            "workers": workers,
            "worker_class": "gthread",
            "threads": _THREADS,
            "preload_app": True,
            "graceful_timeout": 30,
            # Longer than a token may be, so that one that is too long is refused as any other.
            "limit_request_field_size": 32 * 1024,
            "loglevel": "warning",
            "logger_class": _Log,
            "when_ready": lambda _server: ready() if ready else None,
            "post_fork": lambda _server, _worker: begins(),
            "child_exit": lambda _server, worker: ended(worker.pid),
        },
    ).run()
    return 0
