"""What an administrator of an EHR has to enter on the other side, for each CDS Client."""

from __future__ import annotations

from collections.abc import Iterable

from .clients import CdsClient


def advice(client: CdsClient, services: Iterable[str], types: Iterable[str], public_url: str | None) -> str:
    """In words, for one client. ``services`` are service ids, ``types`` the resource types that are read."""
    base = (public_url or client.audiences[0]).rstrip("/")
    scopes = " ".join(f"user/{kind}.rs" for kind in types)
    keys = f"at {client.jwks_url}" if client.jwks_url and not client.keys else f"{len(client.keys)} given in the file"
    tenants = f"\n  tenant             one of {', '.join(sorted(client.tenants))}" if client.tenants else ""
    servers = ", ".join(client.fhir_servers) or "none: everything has to come by prefetch"
    mode = "live" if not client.shadow else "shadow: everything runs and is recorded, no card is returned"
    lines = [
        f"{client.name} ({mode})",
        f"  discovery URL      {base}/cds-services ({client.discovery})",
        *(f"  service            {base}/cds-services/{service}" for service in services),
        "  feedback           to <service>/feedback, with a token for either address",
        f"  token issuer (iss) {client.issuer}{tenants}",
        f"  token audience     the exact address called, below {' or '.join(client.audiences)}",
        f"  algorithms         {', '.join(client.algorithms)}; `exp` at most an hour ahead, a new `jti` for every call",
        f"  public keys        {keys}",
        f"  FHIR servers       {servers}",
        f"  access token scope {scopes} (or .read of each)",
    ]
    if client.disabled_cards:
        lines.append(f"  cards switched off {', '.join(sorted(client.disabled_cards))}")
    if not any(base == audience.rstrip("/") for audience in client.audiences):
        lines.append(f"  ATTENTION: {base} is not among the audiences, so tokens for it are refused")
    if not client.replay_check:
        lines.append("  ATTENTION: a token may be used more than once")
    return "\n".join(lines)
