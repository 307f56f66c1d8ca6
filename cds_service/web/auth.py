"""Stage 1, admit: which CDS Client is this?"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from flask import request

from ..content.library import Service
from ..errors import Unauthorised
from ..fhir.client import Base, bases
from ..trust.clients import OPEN, CdsClient
from ..trust.tokens import Refused, Verifier
from .audit import account
from .metrics import Metrics

_log = logging.getLogger("cds_service")

# Without a clients file nobody is authenticated, and an Authorization header is not looked at: the public sandbox sends one.
ANYBODY = CdsClient(name="open", issuer="")


@dataclass(frozen=True, slots=True)
class Admitted:
    """A caller, the services as it gets them, and the FHIR bases that it may name (None: those of the settings)."""

    client: CdsClient
    services: Mapping[str, Service]
    servers: frozenset[Base] | None


class Gate:
    """The door of one application. Without a verifier it is open."""

    def __init__(self, admitted: Mapping[str, Admitted], verifier: Verifier | None, metrics: Metrics) -> None:
        self._admitted = admitted
        self._verifier = verifier
        self._metrics = metrics
        self._discovery_is_open = any(a.client.discovery == OPEN for a in admitted.values())

    def admit(self) -> Admitted:
        """The caller of the current request. Raises Unauthorised, without a reason; the log has it."""
        if self._verifier is None:
            return self._let_in(ANYBODY)
        try:
            client = self._verifier.client(request.headers.get("Authorization"), request.path)
        except Refused as refused:
            self._metrics.refused_token(refused.kind)
            account().reason = refused.kind
            fields = {"reason": refused.reason, "iss": refused.issuer, "jti": refused.jti}
            _log.warning("token refused", extra={"fields": fields})
            raise Unauthorised from None
        return self._let_in(client)

    def _let_in(self, client: CdsClient) -> Admitted:
        account().client = client
        return self._admitted[client.name]

    def admit_to_discovery(self) -> None:
        """Discovery is for everybody, unless every client wants it protected."""
        if not self._discovery_is_open:
            self.admit()


def admitted(client: CdsClient, services: Mapping[str, Service]) -> Admitted:
    """A client as it is let in."""
    return Admitted(client, services, None if client is ANYBODY else bases(client.fhir_servers))
