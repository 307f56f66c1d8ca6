"""The demo: the service, an EHR with synthetic patients behind it, and pages to try the cards from.

Nothing of the service imports this; only the command line does.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from flask import Flask

from .. import create_app
from ..config import Settings
from ..web.html import assets
from .ehr import demo_ehr
from .links import welcome_text
from .menu import Menu
from .page import demo_page
from .personas import Charts, fixtures_folder
from .wire import CdsClient

__all__ = ["demo_app", "fixtures_folder", "welcome"]

# The demo reads from itself, so one process does the work of two on whatever machine it runs.
_DEADLINE_MS = 2000


def demo_app(settings: Settings) -> Flask:
    """The service with the demo EHR at ``/fhir`` and its pages at ``/``. It reads charts from itself only, whatever
    CDS_FHIR_SERVERS says: on a loopback address, or at CDS_PUBLIC_URL where that is set. Raises ContentError."""
    itself = (f"{settings.public_url}/fhir",) if settings.public_url else ()
    deadline = _DEADLINE_MS if settings.deadline_ms == Settings().deadline_ms else settings.deadline_ms
    app = create_app(replace(settings, fhir_servers=itself, deadline_ms=deadline))
    app.jinja_env.globals["has_patients"] = True  # the way back from the card pages
    folder = fixtures_folder()
    charts = Charts.load(folder)
    app.extensions["demo_charts"] = charts
    app.register_blueprint(demo_ehr(charts))
    app.register_blueprint(assets("demo", Path(__file__).parent / "static"))
    app.register_blueprint(demo_page(charts, Menu.load(folder), app.extensions["runtime"].library, CdsClient(app)))
    return app


def welcome(app: Flask, base: str) -> str:
    """What ``cds-service demo`` prints: addresses, one call to paste and links into the public sandbox. ``base`` is the
    address at which the demo listens; CDS_PUBLIC_URL goes before it."""
    charts: Charts = app.extensions["demo_charts"]
    return welcome_text(app.config["CDS"].public_url or base, {persona.id: persona for persona in charts.personas})
