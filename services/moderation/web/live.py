"""``/events``: changes of the queue as server-sent events, for pages that keep themselves current."""

import json
from collections.abc import AsyncIterator
from typing import Annotated, Protocol

from fastapi import APIRouter, Depends
from sse_starlette import EventSourceResponse, ServerSentEvent

from services.moderation.domain.access import Right
from services.moderation.web.identity import Identity, SignedIn

_HEARTBEAT_SECONDS = 15


class Changes(Protocol):
    def watch(self, *, seconds: float) -> AsyncIterator[tuple[str, str]]:
        """``(what, case id)`` after every change, for so long. The first is ``("ready", "")``."""
        ...


def live_routes(identity: Identity, changes: Changes, *, seconds: float = 600.0) -> APIRouter:
    """A stream ends after ``seconds``; the browser opens the next one, and is asked again who it is."""
    router = APIRouter(tags=["live"])

    @router.get("/events", response_class=EventSourceResponse, summary="Watch the queue")
    async def events(
        who: Annotated[SignedIn, Depends(identity.allowed(Right.READ))],  # noqa: ARG001 - asked for its check
    ) -> EventSourceResponse:
        return EventSourceResponse(_events(changes, seconds), ping=_HEARTBEAT_SECONDS)

    return router


async def _events(changes: Changes, seconds: float) -> AsyncIterator[ServerSentEvent]:
    async for what, case_id in changes.watch(seconds=seconds):
        event = "ready" if what == "ready" else "change"
        yield ServerSentEvent(event=event, data=json.dumps({"what": what, "case_id": case_id}))
