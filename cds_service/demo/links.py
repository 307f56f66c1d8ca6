"""What to click and what to paste: links into the public CDS Hooks sandbox, and a call that needs nothing but curl."""

from __future__ import annotations

import json
import shlex
from urllib.parse import quote, urlencode

from ..config import SANDBOX
from .personas import Persona

# The sandbox opens the right tab, and posts to the right service, only when hook and screen are given together.
_SCREENS = {"patient-view": "patient-view", "order-select": "rx-view"}
_EXAMPLE_CALL = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"

PERMISSION = (
    "The browser asks for permission to reach the local network or this device when the sandbox first calls the demo: "
    "allow it, otherwise the sandbox shows no cards."
)


def discovery_url(base: str) -> str:
    """The discovery URL, without a trailing slash: the sandbox appends the service id to it as it stands."""
    return f"{base}/cds-services"


def sandbox_link(base: str, persona: Persona, hook: str) -> str:
    """The public sandbox, opened with this persona of the demo at ``base``, on ``patient-view`` or ``order-select``."""
    parameters = {
        "fhirServiceUrl": f"{base}/fhir",
        "patientId": persona.id,
        "serviceDiscoveryURL": discovery_url(base),
        "hook": hook,
        "screen": _SCREENS[hook],
    }
    return f"{SANDBOX}/?{urlencode(parameters, quote_via=quote, safe='')}"


def curl_line(base: str, persona: Persona) -> str:
    """One line for a POSIX shell. It sends no prefetch: the service reads the chart from the demo EHR itself."""
    body = {
        "hook": "patient-view",
        "hookInstance": _EXAMPLE_CALL,
        "fhirServer": f"{base}/fhir",
        "context": {"userId": "Practitioner/demo", "patientId": persona.id},
    }
    words = [f"{discovery_url(base)}/posterior-hip-pain-patient-view"]
    words += ["-H", "Content-Type: application/json", "-d", json.dumps(body)]
    return f"curl -s {shlex.join(words)}"


def welcome_text(base: str, personas: dict[str, Persona]) -> str:
    """What the demo says when it starts."""
    lines = [
        "Demo of the posterior hip pain service, with synthetic patients.",
        "",
        f"  Page           {base}/",
        f"  Discovery URL  {discovery_url(base)}",
        f"  FHIR server    {base}/fhir",
        "",
        "A card in the terminal:",
        "",
        curl_line(base, personas["piriformis"]),
        "",
        "Cards in the public CDS Hooks sandbox:",
    ]
    for identity in ("piriformis", "red-flag", "radiculopathy"):
        persona = personas[identity]
        lines += [
            "",
            f"  {persona.id}: {persona.shows}",
            f"    open the chart: {sandbox_link(base, persona, 'patient-view')}",
            f"    order a medicine ({persona.order.choose}): {sandbox_link(base, persona, 'order-select')}",
        ]
    return "\n".join([*lines, "", PERMISSION, ""])
