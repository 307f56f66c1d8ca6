"""The conformance tests once more, through nginx with TLS and a path prefix. A minute: with ``make slow``."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import trustme
from deploy_support import serving
from gateway_support import NGINX, gateway

CONFORMANCE = Path(__file__).parents[1] / "conformance"


@pytest.mark.skipif(os.environ.get("SLOW") != "1", reason="takes a minute; make slow runs it")
@pytest.mark.skipif(NGINX is None, reason="no nginx here; .ci/run installs it")
def test_everything_holds_behind_the_gateway(tmp_path: Path, free_port: int, module_port: int) -> None:
    ca = trustme.CA()
    ca.cert_pem.write_to_path(tmp_path / "ca.crt")
    settings = {"CDS_TRUSTED_PROXIES": "1", "CDS_NOW": "2026-03-02T12:00:00+00:00"}
    # More than a client may ask in a minute is asked in a second.
    unlimited = {"limit_req zone=cds_rate burst=100 nodelay;": ""}
    with serving(tmp_path, free_port, **settings), gateway(free_port, module_port, ca, **unlimited) as gate:
        environment = os.environ | {
            "CONFORMANCE_URL": f"https://127.0.0.1:{gate.port}/hip",
            "REQUESTS_CA_BUNDLE": str(tmp_path / "ca.crt"),
        }
        options = ("-q", "-rf", "--tb=short", "-p", "no:xdist", "-p", "no:cacheprovider")
        command = [sys.executable, "-m", "pytest", *options, str(CONFORMANCE)]
        run = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout[-6000:]
