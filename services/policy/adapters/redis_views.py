"""The whole of the views in Redis, as a rebuild writes them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from redis.asyncio import Redis
from redis.asyncio.lock import Lock
from redis.exceptions import LockError

from services.policy.adapters.redis_tracks import DEADLINES, REBUILT, outages, stage
from shared.errors import SystemicError
from shared.events import TrackUploaded
from shared.views.tracks import TrackEvent

LEASE_SECONDS = 60.0
_LOCK = "trackgate:policy:rebuilding"


class RedisViews:
    """``lease_seconds``: a rebuild whose process died frees the way after this."""

    def __init__(self, client: Redis, *, lease_seconds: float = LEASE_SECONDS) -> None:
        self._client = client
        self._lease = lease_seconds
        self._lock: Lock | None = None

    async def built(self) -> bool:
        with outages():
            return bool(await self._client.exists(REBUILT))

    @asynccontextmanager
    async def rebuilding(self) -> AsyncIterator[None]:
        """The lock is also the witness: it is gone if Redis was emptied meanwhile."""
        lock = Lock(self._client, _LOCK, timeout=self._lease, sleep=0.2)
        with outages():
            await lock.acquire()
        self._lock = lock
        try:
            yield
            await self._extend()
            with outages():
                await self._client.set(REBUILT, datetime.now(UTC).isoformat())
        finally:
            self._lock = None
            with outages():
                if await lock.owned():
                    await lock.release()

    async def record_all(self, events: Sequence[TrackEvent], deadline: timedelta) -> None:
        await self._extend()
        with outages():
            async with self._client.pipeline(transaction=False) as pipe:
                for event in events:
                    stage(pipe, event)
                    if isinstance(event, TrackUploaded):
                        pipe.zadd(
                            DEADLINES, {event.track_id: (event.received_at + deadline).timestamp()}, nx=True
                        )
                await pipe.execute()

    async def _extend(self) -> None:
        if self._lock is None:
            raise SystemicError("views are written in bulk only while rebuilding")
        try:
            with outages():
                await self._lock.reacquire()
        except LockError as error:
            raise SystemicError("Redis was emptied while the views were rebuilt; starting again") from error
