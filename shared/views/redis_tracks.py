"""The track view in Redis: one field write per event, and a notice to whoever is watching the track."""

from collections.abc import AsyncIterator
from typing import cast

from redis.asyncio import Redis

from shared.events import TrackUploaded
from shared.views.tracks import TrackEvent, TrackView, field_of, fold


def track_key(track_id: str) -> str:
    return f"trackgate:track:{track_id}"


def channel(track_id: str) -> str:
    """Pub/sub channel that carries the name of each field written for the track."""
    return f"trackgate:changes:{track_id}"


class RedisTrackViews:
    """Reads and writes track views. ``client`` must be made with ``decode_responses=False``."""

    def __init__(self, client: Redis) -> None:
        self._client = client

    async def record(self, event: TrackEvent) -> None:
        """Write the event into its track's view and tell watchers. Idempotent.

        An upload is kept without its fingerprint, which is longer than all else and which no reader wants.
        """
        if isinstance(event, TrackUploaded):
            event = event.model_copy(update={"fingerprint": None})
        async with self._client.pipeline(transaction=True) as pipe:
            pipe.hset(track_key(event.track_id), field_of(event), event.to_bytes())
            pipe.publish(channel(event.track_id), field_of(event))
            await pipe.execute()

    async def load(self, track_id: str) -> TrackView | None:
        fields = cast("dict[bytes, bytes]", await self._client.hgetall(track_key(track_id)))
        return fold({name.decode(): value for name, value in fields.items()}) if fields else None

    async def watch(self, track_id: str) -> AsyncIterator[TrackView]:
        """The view now (if there is one), then again after every change, until the caller stops."""
        async with self._client.pubsub() as pubsub:
            await pubsub.subscribe(channel(track_id))
            while True:
                notice = await pubsub.get_message(timeout=None)
                if notice is None or notice["type"] not in {"subscribe", "message"}:
                    continue
                view = await self.load(track_id)
                if view is not None:
                    yield view
