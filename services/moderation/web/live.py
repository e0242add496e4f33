"""``/events``: changes of the queue as server-sent events, for pages that keep themselves current."""

import json
from collections.abc import AsyncIterator
from typing import Annotated, Protocol

from fastapi import APIRouter, Depends
from sse_starlette import EventSourceResponse, ServerSentEvent

from services.moderation.domain.access import Right
from services.moderation.domain.changes import Change
from services.moderation.web.identity import Identity, SignedIn

_HEARTBEAT_SECONDS = 15


class Changes(Protocol):
    def watch(self, *, seconds: float) -> AsyncIterator[Change]:
        """Every change, for so long. The first is ``READY``."""
        ...


def live_routes(identity: Identity, changes: Changes, *, seconds: float = 600.0) -> APIRouter:
    """A stream ends after ``seconds``; the browser opens the next one, and is asked again who it is."""
    router = APIRouter(tags=["live"])

    @router.get("/events", response_class=EventSourceResponse, summary="Watch the queue")
    async def events(
        who: Annotated[SignedIn, Depends(identity.allowed(Right.READ))],
    ) -> EventSourceResponse:
        return EventSourceResponse(_events(changes, who, seconds), ping=_HEARTBEAT_SECONDS)

    return router


async def _events(changes: Changes, who: SignedIn, seconds: float) -> AsyncIterator[ServerSentEvent]:
    """Of cases in other people's queues nothing is told, not even that they changed."""
    async for change in changes.watch(seconds=seconds):
        if change.what == "ready":
            yield ServerSentEvent(event="ready", data=json.dumps({"what": "ready", "case_id": ""}))
        elif who.sees(change.signature):
            data = json.dumps({"what": change.what, "case_id": change.case_id})
            yield ServerSentEvent(event="change", data=data)
