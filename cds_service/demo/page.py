"""The pages of the demo EHR: who is there, and one visit. Nothing of them is part of ``serve``."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, Response, current_app, make_response, redirect, request
from werkzeug.exceptions import RequestEntityTooLarge

from ..content.card_words import LEVELS
from ..content.files import read_yaml
from ..content.library import Library
from ..content.line_words import line_words
from ..errors import NotFound
from ..web.failures import note_failure
from ..web.html import page
from ..web.markdown import as_html
from ..web.operations import openapi_file
from ..web.views import base_url
from .desk import Desk
from .docs import Interface
from .links import PERMISSION, discovery_url, sandbox_link
from .menu import Menu
from .own import NotUsable, read_own
from .personas import Charts
from .picture import MARKS, pathway
from .rows import rows
from .timeline import timeline
from .visit import Visit
from .visits import Visits
from .what_if import FACTS, changed
from .wire import CdsClient

_HOOKS = ("patient-view", "order-select")


def demo_page(charts: Charts, menu: Menu, library: Library, client: CdsClient) -> Blueprint:
    """``/`` with the personas, ``/visits/{id}`` with one of them, and what changes it. Every change is a form that answers with
    a redirect to the page: it works without scripts, and a reload repeats nothing."""
    blueprint = Blueprint("demo", __name__, template_folder="templates")
    visits = Visits(charts)
    desk = Desk(client, menu, library.terminology, lambda: current_app.config["CDS"].clock())
    interface = Interface(read_yaml(openapi_file()))
    titles = {recommendation.id: recommendation.title for recommendation in library.recommendations}

    def today() -> date:
        day: date = current_app.config["CDS"].clock().date()
        return day

    def to(visit: Visit) -> Response:
        return make_response(redirect(f"{_up()}visits/{visit.id}", 303))  # relative: a gateway may strip a prefix

    @blueprint.get("/")
    def start() -> Response:
        personas = [
            {
                "persona": persona,
                "cards": [titles[card] for card in persona.patient_view],
                "sandbox": _sandbox(charts, persona.id),
            }
            for persona in charts.personas
        ]
        places = {"discovery": discovery_url(base_url()), "fhir": f"{base_url()}/fhir", "permission": PERMISSION}
        return page("start.html", here="start", personas=personas, **places)

    @blueprint.get("/docs")
    def docs() -> Response:
        return page("docs.html", here="docs", interface=interface, markdown=as_html)

    @blueprint.get("/patients/<persona>")
    def chart(persona: str) -> Response:
        if persona not in {known.id for known in charts.personas}:
            raise NotFound("There is no such patient.")
        visit = visits.of_persona(charts.persona(persona), today())
        desk.begin(visit)
        return to(visit)

    @blueprint.post("/own")
    def own() -> Response:
        # A Bundle of a whole record is larger than the half megabyte that a form field may have by default.
        request.max_form_memory_size = current_app.config["MAX_CONTENT_LENGTH"]
        file = request.files.get("file")
        found = read_own((file.read() if file else b"") or request.form.get("text", "").encode())
        visit = visits.of_own(found)
        desk.begin(visit, found)
        return to(visit)

    @blueprint.get("/visits/<identity>")
    def visit(identity: str) -> Response:
        found = visits.find(identity)
        return page(
            "visit.html", root="../", menu=menu, **_shown(found, library, today()), sandbox=_sandbox(charts, found.persona)
        )

    @blueprint.post("/visits/<identity>/<step>")
    def act(identity: str, step: str) -> Response:
        found = visits.find(identity)
        desk.do(step, found, request.form)
        return to(found)

    @blueprint.errorhandler(NotFound)
    @blueprint.errorhandler(NotUsable)
    @blueprint.errorhandler(RequestEntityTooLarge)
    def told(error: Exception) -> Response:
        large = isinstance(error, RequestEntityTooLarge)
        text = "This is larger than the demo takes (CDS_MAX_BODY_MB)." if large else str(error)
        response = page("told.html", root=_up(), text=text)
        response.status_code = {NotFound: 404, NotUsable: 400}.get(type(error), 413)
        return response

    @blueprint.errorhandler(Exception)
    def failed(error: Exception) -> Response:
        note_failure(error)
        response = page("told.html", root=_up(), text="The demo failed at this. Its log has the place.")
        response.status_code = 500
        return response

    return blueprint


def _up() -> str:
    """The relative way from here to the top of the service."""
    return "../" * (request.path.count("/") - 1)


def _sandbox(charts: Charts, persona: str | None) -> list[tuple[str, str]]:
    """Links into the public sandbox by hook; none for somebody's own data, which never leave this machine."""
    return [(hook, sandbox_link(base_url(), charts.persona(persona), hook)) for hook in _HOOKS] if persona else []


def _shown(visit: Visit, library: Library, today: date) -> dict[str, Any]:
    """What the template of a visit needs."""
    # Days that pass move the dates of the request; the page shows those of the record, and another today.
    as_if = today + timedelta(days=visit.changes.later)
    chart = changed(visit.chart, visit.patient, replace(visit.changes, later=0), library.terminology, as_if)
    listed, explained = rows(chart), visit.explained
    clock = explained.clock if explained else None
    if clock:
        clock = replace(clock, begun=clock.begun + timedelta(days=visit.changes.later))
    decisions = {decision["card"]: decision for decision in explained.data["decisions"]} if explained else {}
    return {
        "visit": visit,
        "patient": next((r for r in chart if r["resourceType"] == "Patient" and r.get("id") == visit.patient), {}),
        "today": as_if,
        "drafts": [row for of_group in rows(visit.orders).values() for row in of_group],
        "listed": listed,
        "whole": rows(visit.chart),
        "line": timeline(listed, as_if),
        "facts": FACTS,
        "explained": explained,
        "decisions": decisions,
        "silent": [decision for decision in decisions.values() if decision["verdict"] != "shown"],
        "clock": clock,
        "drawings": [pathway(explained.places, clock, upright=u) for u in (False, True)] if explained else [],
        "marks": MARKS,
        "markdown": as_html,
        "line_words": line_words,
        "levels": LEVELS,
    }
