"""Which endpoints may be called: the guard against requests that are forged through us (SSRF).

A URL is judged when it is registered and again when it is called; the address that its name resolves to is
judged at the moment of connecting, and that very address is connected to.
"""

import ipaddress
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_COMPATIBLE = ipaddress.IPv6Network("::/96")


@dataclass(frozen=True)
class Endpoint:
    """A URL that may be called, taken apart. ``trusted``: an operator allows this host by name."""

    url: str
    host: str
    port: int
    secure: bool
    trusted: bool


@dataclass(frozen=True)
class Forbidden:
    """Why an endpoint may not be called. Quotes nothing that an answer of the endpoint said."""

    reason: str


def judge_url(url: str, allowed_hosts: Collection[str]) -> Endpoint | Forbidden:
    """Only https, unless the host is one of ``allowed_hosts`` (an operator's word, compared exactly)."""
    if not url.isascii() or any(char.isspace() or not char.isprintable() for char in url) or "\\" in url:
        return Forbidden("write the URL in ASCII (a name in other letters as xn--…), without spaces")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host:
        return Forbidden("not a URL")
    secure, trusted = parts.scheme == "https", host in allowed_hosts
    if not secure and not (trusted and parts.scheme == "http"):
        return Forbidden("must be https")
    if "@" in parts.netloc or parts.fragment or port == 0:
        return Forbidden("no user name, password, fragment or port 0 in the URL")
    if not trusted and _is_private_literal(host):
        return Forbidden("the address is not a public one")
    return Endpoint(url, host, port or (443 if secure else 80), secure, trusted)


def _is_private_literal(host: str) -> bool:
    try:
        return not is_public(ipaddress.ip_address(host))
    except ValueError:
        return False


def is_public(address: Address) -> bool:
    """Whether an address belongs to the public internet, however it is wrapped.

    Refuses what IANA's special-purpose registries call not globally reachable, multicast, and IPv6 addresses
    that carry such an IPv4 address (mapped, compatible, 6to4, Teredo, NAT64).
    """
    if isinstance(address, ipaddress.IPv6Address):
        inner = _carried(address)
        if inner is not None:
            return is_public(inner)
        if address.is_site_local:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _carried(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in _NAT64 or address in _COMPATIBLE:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None
