"""Host names and addresses: which stay on this machine, and how a URL writes them."""

from __future__ import annotations

import ipaddress


def is_loopback(host: str) -> bool:
    """Can only this machine reach this address?"""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def url_host(host: str) -> str:
    """The host as a URL writes it: IPv6 addresses stand in brackets."""
    return f"[{host}]" if ":" in host else host
