"""The page at ``/``: who is there, what to expect, and where to click."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, render_template, request

from .links import PERMISSION, curl_line, discovery_url, sandbox_link
from .personas import Charts


def demo_page(charts: Charts) -> Blueprint:
    """One page that needs nothing from outside; the links are built for the address under which it was opened."""
    blueprint = Blueprint("demo_page", __name__, template_folder="templates")

    @blueprint.get("/")
    def page() -> Response:
        base = current_app.config["CDS"].public_url or request.url_root.rstrip("/")
        rows = [
            {
                "persona": persona,
                "patient_view": sandbox_link(base, persona, "patient-view"),
                "order_select": sandbox_link(base, persona, "order-select"),
                "curl": curl_line(base, persona),
            }
            for persona in charts.personas
        ]
        text = render_template("demo.html", rows=rows, discovery=discovery_url(base), fhir=f"{base}/fhir", permission=PERMISSION)
        return Response(text, mimetype="text/html")

    return blueprint
