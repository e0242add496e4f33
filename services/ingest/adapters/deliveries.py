"""The delivery log in Redis, with Redis's own errors turned into ours."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from redis.exceptions import RedisError

from services.ingest.ports import LedgerUnavailable
from shared.events import WebhookDelivery
from shared.views.deliveries import Delivery
from shared.views.redis_deliveries import Health, RedisDeliveries


class RedisDeliveryLog:
    """Every method may raise LedgerUnavailable."""

    def __init__(self, deliveries: RedisDeliveries) -> None:
        self._deliveries = deliveries

    async def page(self, distributor_id: str, *, offset: int, limit: int) -> Sequence[Delivery]:
        async with _told():
            return await self._deliveries.page(distributor_id, offset=offset, limit=limit)

    async def load(self, delivery_id: str) -> Delivery | None:
        async with _told():
            return await self._deliveries.load(delivery_id)

    async def health(self, distributor_id: str, generation: int) -> Health:
        async with _told():
            return await self._deliveries.health(distributor_id, generation)

    async def record(self, event: WebhookDelivery) -> bool:
        async with _told():
            return await self._deliveries.record(event)


@asynccontextmanager
async def _told() -> AsyncIterator[None]:
    try:
        yield
    except (RedisError, OSError) as error:
        raise LedgerUnavailable(f"Redis: {error}") from error
