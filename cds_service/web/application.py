"""Flask without what nobody here uses, because it would be paid for with every request: asynchronous views, sessions, and
responses that are looked through once more before they leave."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from flask import Flask, Request, Response
from flask.sessions import NullSession, SessionInterface, SessionMixin
from werkzeug.datastructures import Headers
from werkzeug.exceptions import ClientDisconnected
from werkzeug.routing import Map, MapAdapter
from werkzeug.sansio.utils import get_current_url, get_host
from werkzeug.wsgi import get_content_length

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

# Hosts come from outside, so that only some are kept.
_HOSTS = 64


class Asked(Request):
    """A request whose body is read in one go where its length is known: the stream that werkzeug puts around it takes 64 kB at a
    time, and gunicorn copies what is left each time."""

    @property
    def is_json(self) -> bool:
        return self.environ.get("CONTENT_TYPE") == "application/json" or super().is_json

    def get_data(self, cache: bool = True, as_text: bool = False, parse_form_data: bool = False) -> Any:
        length, limit = get_content_length(self.environ), self.max_content_length
        if cache or as_text or parse_form_data or length is None or limit is None or length > limit:
            return super().get_data(cache, as_text, parse_form_data)  # type: ignore[call-overload]
        try:
            text: bytes = self.environ["wsgi.input"].read(length)
        except (OSError, ValueError):
            raise ClientDisconnected from None
        if len(text) < length:
            raise ClientDisconnected
        return text


class Json(Response):
    """JSON that is all there. It has its length, and names no other address: nothing has to be put right before it leaves."""

    def __init__(self, text: bytes, status: int = 200) -> None:
        super().__init__(text, status, Headers((("Content-Type", "application/json"),)))

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "HEAD" or not isinstance(self.response, list):
            return super().__call__(environ, start_response)
        start_response(self.status, self.headers.to_wsgi_list())
        return self.response


class _NoSessions(SessionInterface):
    _nothing = NullSession()

    def open_session(self, app: Flask, request: Request) -> SessionMixin:
        return self._nothing


class Application(Flask):
    """The service as a WSGI application."""

    request_class = Asked
    session_interface = _NoSessions()

    def __init__(self, name: str) -> None:
        super().__init__(name, static_folder=None)
        self._bound = lru_cache(_HOSTS)(_Bound(self.url_map))

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Every view is a plain function."""
        return func

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """As Flask does it, with what depends on the host alone kept."""
        environ = request.environ if request is not None else {}
        if request is None or "HTTP_UPGRADE" in environ or not environ.get("PATH_INFO"):
            return super().create_url_adapter(request)
        scheme = request.scheme
        request.host, name = self._bound(scheme, environ.get("HTTP_HOST"), request.server)
        query = request.query_string.decode(errors="replace")
        return MapAdapter(self.url_map, name, request.root_path, "", scheme, request.path, request.method, query)


class _Bound:
    """The host of a request, and as what it is known to the routes. Raises what Flask raises for one that is none."""

    def __init__(self, routes: Map) -> None:
        self._routes = routes

    def __call__(self, scheme: str, header: str | None, server: tuple[str, int | None] | None) -> tuple[str, str]:
        host = get_host(scheme, header, server)
        return host, self._routes.bind(host, subdomain="").server_name


@lru_cache(_HOSTS)
def _root(scheme: str, host: str, path: str) -> str:
    return get_current_url(scheme, host, path).rstrip("/")


def address(request: Request) -> str:
    """Where the service was called, without a slash at the end."""
    return _root(request.scheme, request.host, request.root_path)
