"""The command line."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from .addresses import is_loopback, url_host
from .config import BadSetting, Settings, settings_from
from .content.loader import ContentError
from .memory.database import MemoryDown
from .memory.store import Memory
from .trust.clients import BadClients

if TYPE_CHECKING:
    from flask import Flask


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command. Returns the exit status; bad settings and bad content are told in plain words."""
    options = _parser().parse_args(arguments)
    try:
        status: int = options.run(options)
    except (BadSetting, BadClients, ContentError) as error:
        print(error, file=sys.stderr)
        return 1
    except MemoryDown as error:
        print(f"the memory (CDS_DATABASE_URL) does not answer: {error}", file=sys.stderr)
        return 1
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="cds-service", description="CDS Hooks service for posterior hip and buttock nerve pain."
    )
    commands = parser.add_subparsers(required=True, metavar="command")

    serve = commands.add_parser("serve", help="run the service; settings come from the environment (README, Settings)")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=8000)
    serve.add_argument("--workers", type=_count, default=1)
    serve.add_argument("--bind", type=_unix, metavar="unix:PATH", help="a unix socket instead of host and port")
    serve.add_argument(
        "--request-seconds",
        type=_seconds,
        default=10.0,
        metavar="N",
        help="time in which a whole request has to arrive (default: 10)",
    )
    serve.set_defaults(run=_serve)

    demo = commands.add_parser("demo", help="run the service with a demo EHR behind it and print links to try it")
    demo.add_argument("--host", default="127.0.0.1")
    demo.add_argument("--port", type=int, default=8000)
    demo.set_defaults(run=_demo)

    check = commands.add_parser("check", help="check a content folder: every problem on its own line")
    check.add_argument("folder", nargs="?", type=Path, help="default: the packaged cards")
    check.set_defaults(run=_check)

    explain = commands.add_parser("explain", help="tell, card by card and line by line, why a hook request got its answer")
    explain.add_argument("request", type=Path, metavar="REQUEST.json")
    explain.add_argument("--json", action="store_true", help="machine-readable")
    explain.add_argument("--client", default="open", help="the CDS Client whose answered cards count (default: open mode)")
    explain.set_defaults(run=_explain)

    clients = commands.add_parser("clients", help="the CDS Clients file").add_subparsers(required=True, metavar="what")
    clients_check = clients.add_parser("check", help="validate it and tell what the administrator of each EHR must enter")
    clients_check.add_argument("file", nargs="?", type=Path, help="default: CDS_CLIENTS")
    clients_check.set_defaults(run=_clients_check)

    memory = commands.add_parser("memory", help="the memory of served cards and feedback").add_subparsers(
        required=True, metavar="what"
    )
    memory.add_parser("prune", help="delete what is older than CDS_RETENTION_DAYS").set_defaults(run=_memory_prune)
    memory.add_parser("upgrade", help="bring the tables to this release (serve does it too)").set_defaults(run=_memory_upgrade)

    report = commands.add_parser("report", help="which card helps and which is noise")
    report.add_argument("--since", type=date.fromisoformat, metavar="YYYY-MM-DD")
    report.add_argument("--html", type=Path, metavar="OUT", help="one HTML file with plots, and a CSV file beside it")
    report.set_defaults(run=_report)

    vocabulary = commands.add_parser("vocabulary", help="every finding: what it means, what it takes, what it reads")
    vocabulary.set_defaults(run=_vocabulary)
    return parser


def _unix(text: str) -> str:
    if not text.startswith("unix:/"):
        raise argparse.ArgumentTypeError("unix:PATH with an absolute path is needed")
    return text


def _count(text: str) -> int:
    if int(text) < 1:
        raise argparse.ArgumentTypeError("1 or more is needed")
    return int(text)


def _seconds(text: str) -> float:
    if not 0 < float(text) < float("inf"):
        raise argparse.ArgumentTypeError("a number above 0 is needed")
    return float(text)


def _serve(options: argparse.Namespace) -> int:
    from . import create_app
    from .server import Listening, run
    from .tracing import tracing
    from .web.multiprocess import forget_worker, shared_counts

    settings = settings_from(os.environ)
    if options.bind is None:  # who may connect to a unix socket is a matter of its folder
        _refuse_open_doors(options.host, settings)
    where = Listening(options.host, options.port, options.workers, options.bind, options.request_seconds)
    trace = tracing(os.environ)

    def begins(app: Flask) -> None:
        app.extensions["metrics"].worker_runs()
        trace(app)

    def anew() -> Flask:
        return create_app(settings_from(os.environ))

    with shared_counts():
        return run(create_app(settings), where, anew=anew, begins=begins, ended=forget_worker)


def _refuse_open_doors(host: str, settings: Settings) -> None:
    """Nobody is authenticated in open mode: only this machine may call, unless the site says otherwise."""
    if settings.clients is None and not is_loopback(host) and not settings.allow_anonymous:
        raise BadSetting(
            f"Without CDS_CLIENTS nobody is authenticated, so this does not listen on {host}. "
            "Put an authenticating gateway in front and set CDS_ALLOW_ANONYMOUS=1, or use --host 127.0.0.1."
        )


def _demo(options: argparse.Namespace) -> int:
    from .demo import demo_app, welcome
    from .server import Listening, run

    settings = settings_from(os.environ)
    if not is_loopback(options.host):
        raise BadSetting(f"The demo is for this machine only, so it does not listen on {options.host}.")
    if not os.environ.get("CDS_DATABASE_URL"):  # what is answered in a demo is forgotten with it
        settings = replace(settings, database_url=f"sqlite:///{tempfile.mkdtemp(prefix='cds-demo-')}/memory.sqlite3")
    app = demo_app(settings)
    base = f"http://{url_host(options.host)}:{options.port}"
    return run(app, Listening(options.host, options.port), ready=lambda: print(welcome(app, base), flush=True))


def _check(options: argparse.Namespace) -> int:
    from . import packaged_cards
    from .check import check

    problems, told = check(options.folder or packaged_cards())
    for problem in problems:
        print(problem)
    print(told)
    return 1 if problems else 0


def _explain(options: argparse.Namespace) -> int:
    from .explain import explain

    settings: Settings = settings_from(os.environ)
    try:
        body = options.request.read_bytes()
    except OSError as error:
        print(f"{options.request}: {error.strerror}", file=sys.stderr)
        return 1
    text, status = explain(body, settings, as_json=options.json, client=options.client)
    print(text)
    return status


def _clients_check(options: argparse.Namespace) -> int:
    from . import clients_of, packaged_cards, services_of
    from .content.loader import load
    from .trust.advice import advice

    settings = settings_from(os.environ)
    file: Path | None = options.file
    settings = replace(settings, clients=file or settings.clients)
    if settings.clients is None:
        raise BadSetting("name a file, or set CDS_CLIENTS")
    library = load(settings.cards or packaged_cards())
    services = services_of(library, settings)
    types = [*dict.fromkeys(s.resource_type for service in services.values() for s in service.sources), "Medication"]
    clients = clients_of(settings, library)
    print("\n\n".join(advice(client, services, types, settings.public_url) for client in clients))
    return 0


def _memory_prune(_: argparse.Namespace) -> int:
    settings, memory = _memory()
    print(f"{memory.prune(settings.clock() - timedelta(days=settings.retention_days))} rows deleted")
    return 0


def _memory_upgrade(_: argparse.Namespace) -> int:
    _memory()[1].upgrade()
    return 0


def _memory() -> tuple[Settings, Memory]:
    from .memory.opening import open_memory

    settings = settings_from(os.environ)
    memory = open_memory(settings)
    if memory is None:
        raise BadSetting("CDS_DATABASE_URL is needed")
    memory.recover()
    return settings, memory


def _report(options: argparse.Namespace) -> int:
    from .report.figures import figures
    from .report.text import as_csv, as_text

    settings, memory = _memory()
    found = figures(memory, options.since, settings.clock().date())
    if options.html is None:
        print(as_text(found))
        return 0
    try:
        from .report.page import as_html
    except ImportError:
        raise BadSetting("the HTML report needs the extra `report`: pip install 'cds-service[report]'") from None
    beside = options.html.with_suffix(".csv")
    options.html.write_text(as_html(found), encoding="utf-8")
    beside.write_text(as_csv(found), encoding="utf-8")
    print(f"{options.html} and {beside}")
    return 0


def _vocabulary(_: argparse.Namespace) -> int:
    from .explain import vocabulary

    print(vocabulary())
    return 0


if __name__ == "__main__":
    sys.exit(main())
