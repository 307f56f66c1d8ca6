"""The production server: gunicorn with threads, the application loaded once before the workers are forked."""

from __future__ import annotations

import gc
import ipaddress
import logging
from collections.abc import Callable
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

_log = logging.getLogger("cds_service")
_THREADS = 16


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


def run(app: Flask, host: str, port: int, workers: int, ready: Callable[[], object] | None = None) -> int:
    """Serves until it is told to stop; requests in flight are finished. ``ready`` is called once the port is bound."""
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
            "loglevel": "warning",
            "when_ready": lambda _server: ready() if ready else None,
        },
    ).run()
    return 0


def url_host(host: str) -> str:
    """The host as a URL writes it: IPv6 addresses stand in brackets."""
    return f"[{host}]" if ":" in host else host


def is_loopback(host: str) -> bool:
    """Is this an address that only this machine can reach?"""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
