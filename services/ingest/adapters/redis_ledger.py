"""The ledger of deliveries in Redis: keys, days, and each distributor's list of tracks.

``trackgate:key:<distributor>:<sha256>``       track id, for 30 days after it was received
``trackgate:key-lock:<distributor>:<sha256>``  held while a request with the key is handled
``trackgate:day:<distributor>:<date>``         set of track ids, for two days after that day
``trackgate:tracks:<distributor>``             sorted set of track ids by the time they were received
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from datetime import date, datetime, timedelta
from typing import cast

from redis.asyncio import Redis
from redis.asyncio.lock import Lock
from redis.exceptions import LockError, RedisError

from services.ingest.domain import quota_day
from services.ingest.ports import KeyHeld, KeyInUse, LedgerUnavailable, UsedUp, Within
from shared.clock import Clock
from shared.events import AppealFiled, TrackUploaded
from shared.views.redis_tracks import RedisTrackViews

KEPT_KEYS = timedelta(days=30)
KEPT_DAYS = timedelta(days=3)
LOCK_SECONDS = 60.0
"""A request that died with its process holds its key no longer than this."""


@contextlib.contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except (RedisError, OSError) as error:
        raise LedgerUnavailable(f"Redis: {type(error).__name__}: {error}") from error


class RedisLedger:
    """``client`` must be made with ``decode_responses=False``."""

    def __init__(self, client: Redis, clock: Clock) -> None:
        self._client = client
        self._clock = clock

    @contextlib.asynccontextmanager
    async def hold(self, distributor_id: str, key_sha256: str) -> AsyncIterator[KeyHeld | KeyInUse]:
        lock = Lock(
            self._client,
            f"trackgate:key-lock:{distributor_id}:{key_sha256}",
            timeout=LOCK_SECONDS,
            blocking=False,
            thread_local=False,
        )
        with _answering():
            taken = await lock.acquire()
        if not taken:
            yield KeyInUse()
            return
        keeping = asyncio.create_task(_keep(lock))
        try:
            with _answering():
                track_id = cast("bytes | None", await self._client.get(_key(distributor_id, key_sha256)))
            yield KeyHeld(track_id.decode() if track_id is not None else None)
        finally:
            keeping.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await keeping
            with contextlib.suppress(LockError, RedisError, OSError):
                await lock.release()

    async def delivered_on(self, distributor_id: str, day: date) -> int:
        with _answering():
            return int(await self._client.scard(_day(distributor_id, day)))

    async def knows(self, distributor_id: str, track_id: str) -> bool:
        with _answering():
            return await self._client.zscore(_tracks(distributor_id), track_id) is not None

    async def bind(self, distributor_id: str, key_sha256: str, track_id: str) -> None:
        with _answering():
            await self._client.set(_key(distributor_id, key_sha256), track_id, ex=KEPT_KEYS)

    async def reserve(self, distributor_id: str, day: date, track_id: str, *, quota: int) -> Within | UsedUp:
        name = _day(distributor_id, day)
        with _answering():
            async with self._client.pipeline(transaction=True) as pipe:
                pipe.sadd(name, track_id)
                pipe.scard(name)
                pipe.expire(name, KEPT_DAYS)
                added, count, _ = await pipe.execute()
            if added and count > quota:
                await self._client.srem(name, track_id)
                return UsedUp()
        return Within(fresh=bool(added))

    async def release(self, distributor_id: str, day: date, track_id: str) -> None:
        with _answering():
            await self._client.srem(_day(distributor_id, day), track_id)

    async def record(self, upload: TrackUploaded) -> None:
        now, distributor = self._clock.now(), upload.distributor_id
        day = quota_day(upload.received_at)
        with _answering():
            async with self._client.pipeline(transaction=True) as pipe:
                pipe.zadd(_tracks(distributor), {upload.track_id: upload.received_at.timestamp()}, nx=True)
                if upload.received_at + KEPT_DAYS > now:
                    pipe.sadd(_day(distributor, day), upload.track_id)
                    pipe.expire(_day(distributor, day), KEPT_DAYS)
                left = _left(upload.received_at, now)
                if upload.idempotency_key_sha256 is not None and left > timedelta(0):
                    pipe.set(_key(distributor, upload.idempotency_key_sha256), upload.track_id, px=left)
                await pipe.execute()

    async def page(self, distributor_id: str, *, offset: int, limit: int) -> tuple[str, ...]:
        with _answering():
            name = _tracks(distributor_id)
            found = cast("list[bytes]", await self._client.zrevrange(name, offset, offset + limit - 1))
        return tuple(track_id.decode() for track_id in found)


class RedisUploadViews:
    """The shared track view, of which ingest writes the upload and what contests a decision."""

    def __init__(self, views: RedisTrackViews) -> None:
        self._views = views

    async def record(self, event: TrackUploaded | AppealFiled) -> None:
        with _answering():
            await self._views.record(event)


async def _keep(lock: Lock) -> None:
    """A body of two gigabytes may take longer than the lock lasts."""
    while True:
        await asyncio.sleep(LOCK_SECONDS / 3)
        try:
            await lock.reacquire()
        except (LockError, RedisError, OSError):
            return


def _left(received_at: datetime, now: datetime) -> timedelta:
    return received_at + KEPT_KEYS - now


def _key(distributor_id: str, key_sha256: str) -> str:
    return f"trackgate:key:{distributor_id}:{key_sha256}"


def _day(distributor_id: str, day: date) -> str:
    return f"trackgate:day:{distributor_id}:{day.isoformat()}"


def _tracks(distributor_id: str) -> str:
    return f"trackgate:tracks:{distributor_id}"
