"""Asking a service on this machine whether it is well."""

from http.client import HTTPConnection, HTTPException

from deploy.local.ports import HOST

_TIMEOUT_S = 2.0


def answers_healthy(port: int, path: str = "/healthz") -> bool:
    """True for a status below 300 within two seconds. Proxies are never asked."""
    connection = HTTPConnection(HOST, port, timeout=_TIMEOUT_S)
    try:
        connection.request("GET", path)
        return connection.getresponse().status < 300  # noqa: PLR2004 - the 2xx class of RFC 9110
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
