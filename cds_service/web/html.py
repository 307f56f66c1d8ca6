"""Pages for people: rendered from templates, answered with a policy that lets them load nothing from elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Blueprint, Response, render_template, request

from ..compose import SERVICE_NAME
from ..errors import NotFound

_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
# A new release may change a stylesheet: an hour is short enough to be no trouble, and long enough for a visit.
_KEPT = "public, max-age=3600"
_FOLDER = Path(__file__).parent / "static"
# Named here, because what a machine makes of a suffix differs, and browsers refuse a module of another type.
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


def page(template: str, /, **values: Any) -> Response:
    """An HTML answer from a template that extends ``page.html``, made for one request: its script may ask this service more.
    ``root`` is the relative way to the top of the service: pages work behind any path prefix, because no link and no asset is
    absolute."""
    response = html(render(template, **values))
    response.headers["Content-Security-Policy"] = f"{_POLICY}; connect-src 'self'"
    return response


def render(template: str, /, **values: Any) -> str:
    """The text of a page, to be kept where it is the same for everybody."""
    return render_template(template, **{"service_name": SERVICE_NAME, "root": ""} | values)


def html(text: str) -> Response:
    """A finished page with its headers: its script has all that it needs, and may ask nobody."""
    response = Response(text, mimetype="text/html")
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def assets(prefix: str = "assets", folder: Path = _FOLDER) -> Blueprint:
    """``/assets/{file}``: stylesheets and scripts of all pages, read once. What is not in the folder has no address."""
    blueprint = Blueprint(f"files of {prefix}", __name__, url_prefix=f"/{prefix}")
    files = {path.name: (path.read_bytes(), _TYPES[path.suffix]) for path in folder.iterdir() if path.suffix in _TYPES}

    @blueprint.get("/<file>")
    def asset(file: str) -> Response:
        if file not in files:
            raise NotFound("there is no such file")
        content, media_type = files[file]
        response = Response(content, mimetype=media_type)
        response.headers["Cache-Control"] = _KEPT
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.add_etag()
        response.make_conditional(request)
        return response

    return blueprint
