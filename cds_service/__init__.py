"""CDS Hooks service for posterior hip and buttock nerve pain.

``create_app`` is the only place where the parts meet.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from .config import Settings, settings_from
from .content.library import Library, Service
from .content.loader import load
from .fhir.client import FhirClient
from .fhir.search import Attempt
from .memory.opening import open_memory
from .pathway.decide import Caps
from .pathway.recommendation import Hook
from .pipeline import Pipeline
from .trust.clients import BadClients, CdsClient, load_clients
from .trust.tokens import Verifier
from .web import audit, failures
from .web.application import Application
from .web.auth import ANYBODY, Gate, admitted
from .web.cors import allow_origins
from .web.html import assets
from .web.logs import configure
from .web.metrics import Metrics
from .web.operations import operations
from .web.pace import Pace
from .web.pages import card_pages
from .web.recorder import Recorder
from .web.views import hooks

__all__ = ["Runtime", "create_app", "packaged_cards"]


def packaged_cards() -> Path:
    """The content folder: inside an installed package, or at the top of a checkout."""
    inside = Path(__file__).parent / "_cards"
    return inside if inside.is_dir() else Path(__file__).parents[1] / "cards"


def services_of(library: Library, settings: Settings, without: Iterable[str] = ()) -> dict[str, Service]:
    """The three CDS Services with the switches of this deployment, ``without`` the cards that a client disables."""
    services = [
        library.service(
            hook, switched_off=settings.switched_off, advice_on_order_sign=settings.advice_on_order_sign, without=without
        )
        for hook in Hook
    ]
    return {service.id: service for service in services}


@dataclass(frozen=True, slots=True)
class Runtime:
    """What one process holds: settings, checked content, services and the pipeline. Nothing of any patient."""

    settings: Settings
    library: Library
    services: Mapping[str, Service]
    pipeline: Pipeline

    @classmethod
    def build(cls, settings: Settings, library: Library | None = None, watch: Callable[[Attempt], None] | None = None) -> Runtime:
        """Loads and checks the content; ``watch`` is told of every request to a FHIR server. Raises ContentError."""
        library = library or load(settings.cards or packaged_cards())
        client = FhirClient(settings.fhir_servers, settings.deadline_ms / 1000, watch)
        pipeline = Pipeline(library, client, settings.timezone, Caps(*settings.max_info_cards))
        return cls(settings, library, services_of(library, settings), pipeline)


def create_app(settings: Settings | None = None, library: Library | None = None) -> Flask:
    """The WSGI application. Raises ContentError or BadSetting instead of starting half."""
    metrics = Metrics()
    runtime = Runtime.build(settings if settings is not None else settings_from(os.environ), library, metrics.fhir_request)
    settings = runtime.settings
    configure(settings.log_level)

    app = Application(__name__)
    app.config["CDS"] = settings
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_mb * 1024 * 1024
    # A redirect in answer to a preflight is an error in browsers: doubled slashes are served, not redirected.
    app.url_map.merge_slashes = False
    clients = clients_of(settings, runtime.library)
    app.extensions["runtime"] = runtime
    app.extensions["memory"] = open_memory(settings)
    recorder = Recorder(app.extensions["memory"], metrics)
    recorder.prepare()
    app.extensions["recorder"] = recorder
    cards = [r.id for r in runtime.library.recommendations]
    metrics.prepare(runtime.library.version, list(runtime.services), cards, {c.mode for c in clients or (ANYBODY,)})
    app.extensions["metrics"] = metrics
    gate = Gate(
        {c.name: admitted(c, services_of(runtime.library, settings, c.disabled_cards)) for c in clients or (ANYBODY,)},
        Verifier(clients, recorder.first_time) if clients else None,
        metrics,
    )
    allow_origins(app, [*settings.cors_origins, *(o for c in clients for o in c.cors_origins)])
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, hops, hops, hops, hops, hops)  # type: ignore[method-assign]
    audit.register(app, runtime.library.version, metrics)
    failures.register(app)
    pace = Pace(settings.rate_limit, recorder, metrics)
    app.register_blueprint(hooks(runtime.services, runtime.pipeline, runtime.library.version, gate, pace, recorder, metrics))
    app.register_blueprint(card_pages(runtime.library))
    app.register_blueprint(assets())
    app.register_blueprint(operations(runtime.library.version, metrics, recorder))
    return app


def clients_of(settings: Settings, library: Library) -> tuple[CdsClient, ...]:
    """The CDS Clients of a deployment; none in open mode. Raises BadClients."""
    if settings.clients is None:
        return ()
    clients = load_clients(settings.clients)
    known = {recommendation.id for recommendation in library.recommendations}
    strange = [(c.name, card) for c in clients for card in sorted(c.disabled_cards - known)]
    if strange:
        raise BadClients([f"{settings.clients}: {name}: there is no card {card!r}" for name, card in strange])
    return clients
