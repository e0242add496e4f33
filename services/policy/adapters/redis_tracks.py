"""Track views, intents, locks and deadlines in Redis. All of it can be rebuilt from Kafka."""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from typing import Any, cast

import structlog
from redis.asyncio import Redis
from redis.asyncio.lock import Lock
from redis.exceptions import LockError, RedisError

from services.policy.account import account_of
from services.policy.domain import EMPTY_VIEW
from services.policy.on_record import next_change
from services.policy.ports import TrackState
from services.policy.touched import touched_artists, touched_names
from shared.errors import SystemicError, TransientError
from shared.events import DecisionMade, TrackUploaded
from shared.views.redis_tracks import channel, track_key
from shared.views.tracks import TrackEvent, TrackView, field_of, fold

MOST_OF_AN_ACCOUNT = 100
KEPT_OF_AN_ACCOUNT = 1000
log = structlog.get_logger()
REBUILT = "trackgate:policy:rebuilt:2"
"""Says that the views are complete. Its number grows with what is kept for a track, so that the first start
of a version that keeps more builds them anew."""
DEADLINES = "trackgate:policy:deadlines"


class ViewsEmptied(SystemicError):
    """Redis answers and holds no sign that the views were ever built: nothing may be decided from it."""


def intent_key(track_id: str) -> str:
    return f"trackgate:policy:intent:{track_id}"


def artist_key(artist_id: str) -> str:
    """Tracks in which the artist was recognised."""
    return f"trackgate:policy:artist:{artist_id}"


def name_key(name: str) -> str:
    """Tracks that credit a name, normalised."""
    return f"trackgate:policy:name:{name}"


def account_key(account: str) -> str:
    """The account's tracks by the time of their receipt."""
    return f"trackgate:policy:account:{account}"


@contextmanager
def outages() -> Iterator[None]:
    """Redis being unreachable is nobody's fault but Redis's: stop and try the same again."""
    try:
        yield
    except LockError:
        raise
    except (RedisError, OSError) as error:
        raise SystemicError(f"Redis: {type(error).__name__} {error}") from error


class RedisTracks:
    """Views as ``shared.views`` lays them out. ``client`` must be made with ``decode_responses=False``."""

    def __init__(self, client: Redis) -> None:
        self._client = client

    async def load(self, track_id: str) -> TrackState:
        """The state of the track.

        Raises:
            ViewsEmptied: Redis was emptied; the views must be rebuilt first.
            ContractError: a field does not hold what its name promises.
        """
        with outages():
            async with self._client.pipeline(transaction=True) as pipe:
                pipe.exists(REBUILT)
                pipe.hgetall(track_key(track_id))
                pipe.get(intent_key(track_id))
                built, fields, intent = await pipe.execute()
        if not built:
            raise ViewsEmptied("the track views were emptied and must be rebuilt from Kafka first")
        named = {name.decode(): value for name, value in cast("dict[bytes, bytes]", fields).items()}
        return TrackState(
            view=fold(named) if named else EMPTY_VIEW,
            intent=DecisionMade.from_bytes(intent) if intent is not None else None,
        )

    async def record(self, event: TrackEvent) -> None:
        with outages():
            async with self._client.pipeline(transaction=True) as pipe:
                stage(pipe, event)
                pipe.publish(channel(event.track_id), field_of(event))
                if isinstance(event, DecisionMade):
                    pipe.delete(intent_key(event.track_id))
                await pipe.execute()

    async def intend(self, decision: DecisionMade) -> None:
        with outages():
            await self._client.set(intent_key(decision.track_id), decision.to_bytes())

    async def forget_intent(self, track_id: str) -> None:
        with outages():
            await self._client.delete(intent_key(track_id))

    async def touching(self, artist_ids: Iterable[str], names: Iterable[str]) -> list[str]:
        keys = [*(artist_key(one) for one in artist_ids), *(name_key(one) for one in names)]
        if not keys:
            return []
        with outages():
            found = cast("set[bytes]", await self._client.sunion(keys))
        return sorted(track_id.decode() for track_id in found)

    async def of_account(self, account: str, since: datetime) -> list[TrackView]:
        with outages():
            ids = cast(
                "list[bytes]",
                await self._client.zrevrangebyscore(
                    account_key(account), "+inf", since.timestamp(), start=0, num=MOST_OF_AN_ACCOUNT
                ),
            )
            async with self._client.pipeline(transaction=False) as pipe:
                for track_id in ids:
                    pipe.hgetall(track_key(track_id.decode()))
                found = cast("list[dict[bytes, bytes]]", await pipe.execute())
        return [fold({name.decode(): value for name, value in fields.items()}) for fields in found if fields]


def stage(pipe: Any, event: TrackEvent) -> None:
    """Add the writes that record ``event`` to a pipeline."""
    pipe.hset(track_key(event.track_id), field_of(event), event.to_bytes())
    for artist_id in touched_artists(event):
        pipe.sadd(artist_key(artist_id), event.track_id)
    if isinstance(event, TrackUploaded):
        key, received = account_key(account_of(event)), event.received_at.timestamp()
        pipe.zadd(key, {event.track_id: received})
        pipe.zremrangebyrank(key, 0, -KEPT_OF_AN_ACCOUNT - 1)
    for name in touched_names(event):
        pipe.sadd(name_key(name), event.track_id)
    if isinstance(event, DecisionMade):
        again = next_change(event)
        if again is None:
            pipe.zrem(DEADLINES, event.track_id)
        else:
            pipe.zadd(DEADLINES, {event.track_id: again.timestamp()})


class RedisDeadlines:
    """A sorted set by due time. ``on_set`` is called after this process wrote a deadline."""

    def __init__(self, client: Redis, *, on_set: Callable[[], None] = lambda: None) -> None:
        self._client = client
        self._on_set = on_set

    async def set(self, track_id: str, due: datetime) -> None:
        with outages():
            await self._client.zadd(DEADLINES, {track_id: due.timestamp()})
        self._on_set()

    async def clear(self, track_id: str) -> None:
        with outages():
            await self._client.zrem(DEADLINES, track_id)

    async def due(self, now: datetime, limit: int) -> list[str]:
        with outages():
            found = cast(
                "list[bytes]",
                await self._client.zrangebyscore(DEADLINES, "-inf", now.timestamp(), start=0, num=limit),
            )
        return [track_id.decode() for track_id in found]

    async def next(self) -> datetime | None:
        with outages():
            found = cast(
                "list[tuple[bytes, float]]",
                await self._client.zrange(DEADLINES, 0, 0, withscores=True),
            )
        return datetime.fromtimestamp(found[0][1], tz=UTC) if found else None


class RedisLocks:
    """Locks with a lease and a token: a worker that died frees its tracks when the lease ends."""

    def __init__(self, client: Redis, *, lease_seconds: float) -> None:
        self._client = client
        self._lease = lease_seconds

    @asynccontextmanager
    async def holding(self, track_id: str) -> AsyncIterator[None]:
        lock = Lock(
            self._client,
            f"trackgate:policy:lock:{track_id}",
            timeout=self._lease,
            sleep=0.05,
            blocking_timeout=self._lease * 1.5,
        )
        with outages():
            acquired = await lock.acquire()
        if not acquired:
            raise TransientError(f"track {track_id} is held by another worker")
        try:
            yield
        finally:
            await _release(lock, track_id)


async def _release(lock: Lock, track_id: str) -> None:
    """Give the lock back. That it ran out, or cannot be given back, must not undo what was done under it."""
    try:
        await lock.release()
    except (RedisError, OSError) as error:
        log.warning("a track's lock was not given back", track=track_id, error=str(error))
