"""Addresses of the web that this service is given."""

import ipaddress
from urllib.parse import urlsplit


def is_protected(address: str) -> bool:
    """Reached over TLS, or never off this machine."""
    parts = urlsplit(address)
    if parts.scheme == "https":
        return bool(parts.hostname)
    return parts.scheme == "http" and _is_loopback(parts.hostname or "")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
