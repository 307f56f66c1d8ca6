"""The bare service under the same server: gunicorn with our worker class and options, one worker.

What the service imports is no cost of a bare one: the modules of the server are taken from the package without the package.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

from .in_process import bare

PACKAGE = Path(__file__).parents[2] / "cds_service"


def without_the_application() -> None:
    """Empty packages stand where the service would be loaded."""
    for name in ("cds_service", "cds_service.web", "cds_service.pathway"):
        empty = ModuleType(name)
        empty.__path__ = [str(PACKAGE.joinpath(*name.split(".")[1:]))]
        sys.modules[name] = empty


def main(port: int) -> None:
    without_the_application()
    from cds_service.server import Listening, _leave_what_is_built_alone, _options, _Server

    app = bare()
    _leave_what_is_built_alone()
    _Server(app, _options(Listening("127.0.0.1", port)), None).run()


if __name__ == "__main__":
    main(int(sys.argv[1]))
