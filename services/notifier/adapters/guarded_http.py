"""One POST to an endpoint, guarded: the address that was judged is the address that is connected to.

On httpcore, which follows no redirects and reads no proxy settings from the environment.
"""

import asyncio
import ipaddress
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from email.utils import parsedate_to_datetime

import httpcore

from services.notifier import metrics
from services.notifier.domain import Answered, NoAnswer, Result
from shared.webhooks.address import Address, Endpoint, Forbidden, is_public, judge_url

MOST_ANSWER_BYTES = 64 * 1024
_Options = Iterable[httpcore.SOCKET_OPTION]
Resolve = Callable[[str, int], Awaitable[list[Address]]]


class AddressRefused(Exception):
    """A name led to an address that is not public."""


async def resolve(host: str, port: int) -> list[Address]:
    """Every address of a name, in the system's order.

    Raises:
        OSError: there is none.
    """
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [ipaddress.ip_address(str(sockaddr[0]).partition("%")[0]) for *_, sockaddr in found]


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Connects to an address only after judging it. One address that is not public spoils the whole name."""

    def __init__(self, *, trusted: bool, find: Resolve, inner: httpcore.AsyncNetworkBackend) -> None:
        self._trusted = trusted
        self._find = find
        self._inner = inner

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature of httpcore's backends
        local_address: str | None = None,
        socket_options: _Options | None = None,
    ) -> httpcore.AsyncNetworkStream:
        addresses = await self._find(host, port)
        if not addresses:
            raise httpcore.ConnectError("the name has no address")
        if not self._trusted and not all(is_public(address) for address in addresses):
            raise AddressRefused
        fault: Exception | None = None
        for address in addresses:
            try:
                return await self._inner.connect_tcp(
                    str(address), port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                fault = error
        raise fault or httpcore.ConnectError("the name has no address")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class GuardedPost:
    """Posts bodies to endpoints; every fault of theirs is a NoAnswer."""

    def __init__(
        self,
        *,
        allowed_hosts: Collection[str],
        total_seconds: float,
        find: Resolve = resolve,
        tls: ssl.SSLContext | None = None,
        inner: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        self._allowed_hosts = frozenset(allowed_hosts)
        self._total_seconds = total_seconds
        self._find = find
        self._tls = tls
        self._inner = inner or httpcore.AnyIOBackend()

    async def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> Result:
        started = time.monotonic()
        judged = judge_url(url, self._allowed_hosts)
        if isinstance(judged, Forbidden):
            return NoAnswer(judged.reason, 0.0)
        try:
            async with asyncio.timeout(self._total_seconds):
                status, retry_after = await self._post(judged, headers, body)
        except (
            AddressRefused,
            httpcore.TimeoutException,
            httpcore.NetworkError,
            httpcore.ProtocolError,
            OSError,
        ) as error:
            return NoAnswer(self._words(error), time.monotonic() - started)
        return Answered(status, time.monotonic() - started, retry_after)

    def _words(self, error: Exception) -> str:
        match error:
            case AddressRefused():
                metrics.REFUSED.inc()
                words = "the name leads to an address that is not public"
            case TimeoutError() | httpcore.TimeoutException():
                words = f"no answer within {self._total_seconds:g} s"
            case socket.gaierror():
                words = "the name does not resolve"
            case httpcore.ConnectError() if _is_tls(error):
                words = "the TLS handshake failed"
            case httpcore.ConnectError():
                words = "the connection was refused"
            case _:
                words = f"the connection broke ({type(error).__name__})"
        return words

    async def _post(
        self, endpoint: Endpoint, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, float | None]:
        backend = GuardedBackend(trusted=endpoint.trusted, find=self._find, inner=self._inner)
        async with (
            httpcore.AsyncConnectionPool(
                ssl_context=self._tls, network_backend=backend, max_connections=1, retries=0
            ) as pool,
            pool.stream("POST", endpoint.url, headers=_with_host(endpoint, headers), content=body) as answer,
        ):
            read = 0
            async for chunk in answer.aiter_stream():
                read += len(chunk)
                if read > MOST_ANSWER_BYTES:
                    break
            return answer.status, _retry_after(answer.headers)


def _with_host(endpoint: Endpoint, headers: Mapping[str, str]) -> list[tuple[bytes | str, bytes | str]]:
    usual = 443 if endpoint.secure else 80
    name = f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host
    host = name if endpoint.port == usual else f"{name}:{endpoint.port}"
    return [("host", host), *headers.items()]


def _is_tls(error: BaseException) -> bool:
    """Whether a connection failed for its certificate or its handshake: httpcore wraps what ssl raised."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False


def _retry_after(headers: Iterable[tuple[bytes, bytes]]) -> float | None:
    """Seconds, or a date as RFC 9110 allows; None where there is none or it makes no sense."""
    text = next(
        (value.decode("ascii", "replace") for name, value in headers if name.lower() == b"retry-after"), ""
    )
    if text.isdigit():
        return float(text[:9])
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, TypeError):
        return None
