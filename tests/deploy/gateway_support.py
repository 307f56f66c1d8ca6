"""nginx from the machine with the sample of ``deploy/nginx``, changed only where a loopback test has to."""

from __future__ import annotations

import http.client
import os
import pwd
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import trustme
from deploy_support import DEPLOY, Answer

NAME = "cds.north.example"
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
CONFIG = """
user {user};
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/start.log crit;
events {{ worker_connections 512; }}
http {{
    client_body_temp_path {folder}/bodies;
    proxy_temp_path {folder}/answers;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/upstream.conf;
    include {folder}/cds-service.conf;
}}
"""


@dataclass
class Gateway:
    """A running nginx, asked over TLS."""

    folder: Path
    port: int
    ca: trustme.CA

    def trusting(self, client: trustme.LeafCert | None = None) -> ssl.SSLContext:
        context = ssl.create_default_context()
        self.ca.configure_trust(context)
        if client:
            client.configure_cert(context)
        return context

    def ask(
        self,
        path: str,
        body: Any = None,
        headers: dict[str, str] | None = None,
        *,
        method: str = "",
        client: trustme.LeafCert | None = None,
    ) -> Answer:
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=20, context=self.trusting(client))
        as_it_is = body is None or isinstance(body, bytes) or hasattr(body, "__next__")
        given = {"Content-Type": "application/json"} if body is not None else {}
        try:
            connection.request(
                method or ("GET" if body is None else "POST"),
                path,
                body if as_it_is else orjson.dumps(body),
                given | (headers or {}),
                encode_chunked=hasattr(body, "__next__"),
            )
            heard = connection.getresponse()
            return Answer(heard.status, dict(heard.headers), heard.read())
        finally:
            connection.close()

    def dripping(self) -> ssl.SSLSocket:
        raw = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        return self.trusting().wrap_socket(raw, server_hostname="127.0.0.1")

    def logged(self) -> str:
        return "".join(path.read_text() for path in self.folder.glob("*.log"))


def _rendered(text: str, changes: dict[str, str]) -> str:
    for old, new in changes.items():
        assert old in text, f"the sample has no {old!r}"
        text = text.replace(old, new)
    return text


@contextmanager
def gateway(upstream: int, port: int, ca: trustme.CA, **changes: str) -> Iterator[Gateway]:
    """nginx in front of ``upstream``. ``changes``: texts of the sample, and what stands in their place."""
    assert NGINX
    folder = Path(tempfile.mkdtemp(prefix="cds-gateway-"))
    certificate = ca.issue_cert(NAME, "127.0.0.1")
    certificate.private_key_pem.write_to_path(folder / "tls.key")
    for blob in certificate.cert_chain_pems:
        blob.write_to_path(folder / "tls.crt", append=True)
    ca.cert_pem.write_to_path(folder / "ehr-ca.crt")
    places = {
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "/etc/nginx/cds/": f"{folder}/",
        "/var/log/nginx/": f"{folder}/",
    }
    sample = (DEPLOY / "nginx" / "cds-service.conf").read_text()
    (folder / "cds-service.conf").write_text(_rendered(sample, places | changes))
    servers = (DEPLOY / "nginx" / "upstream.conf").read_text()
    (folder / "upstream.conf").write_text(_rendered(servers, {"127.0.0.1:8000": f"127.0.0.1:{upstream}"}))
    main = folder / "nginx.conf"
    main.write_text(CONFIG.format(folder=folder, user=pwd.getpwuid(os.getuid()).pw_name))
    with (folder / "stderr").open("wb") as told:
        process = subprocess.Popen([NGINX, "-p", str(folder), "-c", str(main)], stderr=told)
    try:
        _wait_for(port, process, folder)
        yield Gateway(folder, port, ca)
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for(port: int, process: subprocess.Popen[bytes], folder: Path) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.02)
        if process.poll() is not None:
            break
    raise AssertionError((folder / "stderr").read_text())
