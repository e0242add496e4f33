"""``GET /v1/tracks…``: what became of a distributor's own tracks."""

import hashlib
import re
from collections.abc import AsyncIterator
from typing import Annotated, Protocol

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError
from redis.exceptions import RedisError
from sse_starlette import EventSourceResponse, ServerSentEvent

from services.ingest.answers import TrackAnswer, TrackPage, TrackSummary
from services.ingest.openapi import READ_ERRORS
from services.ingest.ports import DeliveryLedger, LedgerUnavailable
from services.ingest.routes.caller import CallerIdentity
from shared.events import DistributorRegistered, TrackUploaded
from shared.http import Problem, ProblemError
from shared.views.tracks import TrackView

_HEARTBEAT_SECONDS = 15
_TRACK_ID = r"^[0-9a-f-]{36}$"


def _whole(text: str) -> str:
    if re.match(_TRACK_ID, text) is None:
        raise PydanticCustomError("track_id", "wants the whole id of a track, as its delivery was answered")
    return text


TrackId = Annotated[str, BeforeValidator(_whole), Path(pattern=_TRACK_ID)]


class TrackViews(Protocol):
    async def load(self, track_id: str) -> TrackView | None: ...

    def watch(self, track_id: str) -> AsyncIterator[TrackView]: ...


def track_routes(identity: CallerIdentity, ledger: DeliveryLedger, views: TrackViews) -> APIRouter:
    router = APIRouter(prefix="/v1/tracks", tags=["tracks"], responses=READ_ERRORS)

    @router.get("", summary="List your tracks, newest first")
    async def own_tracks(
        caller: Annotated[DistributorRegistered, Depends(identity)],
        offset: Annotated[int, Query(ge=0)] = 0,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> TrackPage:
        ids = await ledger.page(caller.distributor_id, offset=offset, limit=limit)
        found = [view for track_id in ids if (view := await _load(views, track_id)) is not None]
        tracks = [TrackSummary.of(view.upload, view) for view in found if view.upload is not None]
        return TrackPage(tracks=tracks, next_offset=offset + limit if len(ids) == limit else None)

    @router.get("/{track_id}", summary="What became of a track, and why")
    async def track(
        caller: Annotated[DistributorRegistered, Depends(identity)], track_id: TrackId
    ) -> TrackAnswer:
        return TrackAnswer.of(*await own_track(views, caller, track_id))

    @router.get(
        "/{track_id}/events",
        response_class=EventSourceResponse,
        summary="Watch a track (server-sent events)",
    )
    async def events(
        caller: Annotated[DistributorRegistered, Depends(identity)], track_id: TrackId
    ) -> EventSourceResponse:
        """The track as it stands, at once, and again after every change, each as an event `track`.

        The stream ends after an event whose `final` is true; a quarantined track is watched until a moderator
        resolves it. `Last-Event-ID` is not needed: every event is the whole truth.
        """
        await own_track(views, caller, track_id)
        return EventSourceResponse(_changes(views, track_id), ping=_HEARTBEAT_SECONDS)

    return router


async def own_track(
    views: TrackViews, caller: DistributorRegistered, track_id: str
) -> tuple[TrackUploaded, TrackView]:
    view = await _load(views, track_id)
    if view is None or view.upload is None or view.upload.distributor_id != caller.distributor_id:
        raise ProblemError(Problem.of("no-such-track", title="You delivered no such track", status=404))
    return view.upload, view


async def _load(views: TrackViews, track_id: str) -> TrackView | None:
    try:
        return await views.load(track_id)
    except (RedisError, OSError) as error:
        raise LedgerUnavailable(f"Redis: {error}") from error


async def _changes(views: TrackViews, track_id: str) -> AsyncIterator[ServerSentEvent]:
    last = None
    async for view in views.watch(track_id):
        if view.upload is None:
            continue
        answer = TrackAnswer.of(view.upload, view)
        content = answer.model_dump_json()
        identity = hashlib.sha256(content.encode()).hexdigest()[:16]
        if identity != last:
            last = identity
            yield ServerSentEvent(data=content, event="track", id=identity)
        if answer.final:
            return
