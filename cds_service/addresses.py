"""Hosts, addresses and origins: which stay on this machine, which nobody may call, and when two are the same."""

from __future__ import annotations

import ipaddress

from urllib3.util import parse_url

DEFAULT_PORTS = {"http": 80, "https": 443}

# Where clouds keep their machines' credentials, as far as it is not link-local (AWS over IPv6, Alibaba, Azure, Oracle).
_METADATA = frozenset(map(ipaddress.ip_address, ("fd00:ec2::254", "100.100.100.200", "168.63.129.16", "192.0.0.192")))
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def is_loopback(host: str) -> bool:
    """Can only this machine reach this address?"""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_forbidden(host: str) -> bool:
    """Is it an address that no FHIR server can have: link-local, cloud metadata, multicast or unspecified? An IPv4 address
    inside an IPv6 one counts as itself; a name is no address."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        inside = address.ipv4_mapped or address.sixtofour
        if inside is None and address in _NAT64:
            inside = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inside is not None:
            return is_forbidden(str(inside))
    return address.is_link_local or address.is_multicast or address.is_unspecified or address in _METADATA


def url_host(host: str) -> str:
    """The host as a URL writes it: IPv6 addresses stand in brackets."""
    return f"[{host}]" if ":" in host else host


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port, with default ports filled in: MEDITECH's next links carry ``:443``.

    The URL is taken apart by the same parser that later calls it; two parsers can see two hosts in one text. Raises
    ValueError for what is no http address, and for one with a user or a backslash in it.
    """
    parts = parse_url(url)
    scheme = parts.scheme or ""
    if scheme not in DEFAULT_PORTS or not parts.host or parts.auth is not None or "\\" in url or not url.isprintable():
        raise ValueError("no address of a server")
    return scheme, parts.host, parts.port or DEFAULT_PORTS[scheme]
