"""Who calls, and how a refusal reaches them."""

import asyncio
import contextlib
from typing import Annotated, Protocol

from fastapi import Request, Security
from fastapi.security import APIKeyHeader
from starlette.requests import ClientDisconnect

from services.ingest import metrics
from services.ingest.answers import as_error
from services.ingest.domain import Refused
from services.ingest.handlers import Intake
from shared.events import DistributorRegistered
from shared.http import ProblemError

_DRAIN_BYTES = 8 * 1024 * 1024
_DRAIN_SECONDS = 10

_authorization = APIKeyHeader(
    name="Authorization", scheme_name="Distributor key", description="`Bearer tgk_…`", auto_error=False
)


class SignedInCaller(Protocol):
    """Callers without a key of their own in the request: pages of the portal."""

    async def caller(self, request: Request) -> DistributorRegistered | None: ...


class CallerIdentity:
    """A FastAPI dependency: the distributor whose key, or whose session, came with the request."""

    def __init__(self, intake: Intake, signed_in: SignedInCaller | None = None) -> None:
        self._intake = intake
        self._signed_in = signed_in

    async def __call__(
        self, request: Request, authorization: Annotated[str | None, Security(_authorization)]
    ) -> DistributorRegistered:
        if authorization is None and self._signed_in is not None:
            caller = await self._signed_in.caller(request)
            if caller is not None:
                return caller
        scheme, _, key = (authorization or "").partition(" ")
        found = self._intake.identify(key.strip() if scheme.lower() == "bearer" else None)
        if isinstance(found, Refused):
            raise await refuse(request, found)
        return found


async def refuse(request: Request, refused: Refused) -> ProblemError:
    """The refusal as an error to raise.

    Counts refused deliveries, and reads a little of what the client still sends: the answer to a body that
    is half sent gets lost in the reset of its connection.
    """
    if request.method == "POST":
        metrics.DELIVERIES.labels(refused.kind.value).inc()
        if (body_length(request) or 0) <= _DRAIN_BYTES:
            await _drain(request)
    return as_error(refused)


def body_length(request: Request) -> int | None:
    text = request.headers.get("content-length", "")
    return int(text) if text.isascii() and text.isdigit() else None


async def _drain(request: Request) -> None:
    read = 0
    with contextlib.suppress(RuntimeError, ClientDisconnect, TimeoutError):
        async with asyncio.timeout(_DRAIN_SECONDS):
            async for chunk in request.stream():
                read += len(chunk)
                if read > _DRAIN_BYTES:
                    return
