"""EHRs that sign: real keys, tokens of any kind, and a key server on loopback."""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

ISSUER = "https://ehr.north.example"
AUDIENCE = "https://cds.north.example"
SERVICE = "/cds-services/posterior-hip-pain-patient-view"


@dataclass
class Key:
    """A private key with its public half as a JWK."""

    kid: str
    algorithm: str = "ES384"
    private: Any = None

    def __post_init__(self) -> None:
        if self.private is None:
            es = self.algorithm == "ES384"
            self.private = ec.generate_private_key(ec.SECP384R1()) if es else rsa.generate_private_key(65537, 2048)

    @property
    def public(self) -> dict[str, Any]:
        kind = ECAlgorithm if self.algorithm == "ES384" else RSAAlgorithm
        found: dict[str, Any] = kind.to_jwk(self.private.public_key(), as_dict=True)
        return found | {"kid": self.kid, "use": "sig", "alg": self.algorithm}


def jwks(*keys: Key) -> dict[str, Any]:
    return {"keys": [key.public for key in keys]}


def claims(path: str = SERVICE, **changed: Any) -> dict[str, Any]:
    """Good claims; None takes one out."""
    now = int(time.time())
    found = {"iss": ISSUER, "aud": AUDIENCE + path, "iat": now, "exp": now + 300, "jti": str(uuid.uuid4())} | changed
    return {name: value for name, value in found.items() if value is not None}


def token(key: Key, body: dict[str, Any] | None = None, **head: Any) -> str:
    headers = {"kid": key.kid, "typ": "JWT"} | head
    return jwt.encode(
        claims() if body is None else body,
        key.private,
        algorithm=key.algorithm,
        headers={name: value for name, value in headers.items() if value is not None},
    )


@dataclass
class KeyServer:
    """Serves keys and counts how often it was asked."""

    document: Any = None
    status: int = 200
    delay: float = 0
    calls: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                owner.calls.append(self.path)
                time.sleep(owner.delay)
                body = json.dumps(owner.document).encode()
                self.send_response(owner.status)
                self.send_header("Location", "http://127.0.0.1:1/elsewhere")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Nothing is printed."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/jwks.json"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def key_servers() -> Iterator[KeyServer]:
    server = KeyServer()
    yield server
    server.close()
