"""Redis as the handlers and the sender see it: an outage is a SystemicError."""

import contextlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import cast

from redis.asyncio import Redis
from redis.exceptions import RedisError

from shared.errors import SystemicError
from shared.events import TrackUploaded, WebhookDelivery
from shared.views.deliveries import Delivery
from shared.views.redis_deliveries import ENDPOINTS, Health, RedisDeliveries, due_key
from shared.views.redis_tracks import RedisTrackViews

_CLAIM = """
local ids = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[3])
for _, id in ipairs(ids) do redis.call('ZADD', KEYS[1], 'XX', ARGV[2], id) end
if redis.call('ZCARD', KEYS[1]) == 0 then redis.call('SREM', KEYS[2], ARGV[4]) end
return ids
"""


@contextlib.contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except (RedisError, OSError) as error:
        raise SystemicError(f"Redis: {type(error).__name__}: {error}") from error


class ViewedUploads:
    def __init__(self, views: RedisTrackViews) -> None:
        self._views = views

    async def of(self, track_id: str) -> TrackUploaded | None:
        with _answering():
            view = await self._views.load(track_id)
        return None if view is None else view.upload


class RedisSchedule:
    """What is due, and whose turn it is. ``client`` must be made with ``decode_responses=False``."""

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._deliveries = RedisDeliveries(client)
        self._claim = client.register_script(_CLAIM)

    async def record(self, event: WebhookDelivery) -> bool:
        with _answering():
            return await self._deliveries.record(event)

    async def endpoints(self) -> frozenset[str]:
        """Distributors that something is scheduled for, now or later."""
        with _answering():
            found = cast("set[bytes]", await self._client.smembers(ENDPOINTS))
        return frozenset(name.decode() for name in found)

    async def claim(
        self, distributor_id: str, now: datetime, *, lease: timedelta, most: int
    ) -> tuple[Delivery, ...]:
        """The deliveries due longest, for this process alone until the lease is over."""
        with _answering():
            ids = cast(
                "list[bytes]",
                await self._claim(
                    keys=[due_key(distributor_id), ENDPOINTS],
                    args=[now.timestamp(), (now + lease).timestamp(), most, distributor_id],
                ),
            )
            found = []
            for delivery_id in ids:
                delivery = await self._deliveries.load(delivery_id.decode())
                if delivery is None:
                    await self._client.zrem(due_key(distributor_id), delivery_id)
                elif delivery.waiting:
                    found.append(delivery)
        return tuple(found)

    async def health(self, distributor_id: str, generation: int) -> Health:
        with _answering():
            return await self._deliveries.health(distributor_id, generation)
