"""How deep and how old the queue is, read from its sorted sets: a few commands, whatever its size."""

import asyncio

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from services.moderation import metrics
from services.moderation.adapters.queue_scripts import PREFIX
from shared.clock import Clock

log = structlog.get_logger()


class QueueGauge:
    """``client`` as for RedisQueue."""

    def __init__(self, client: Redis, clock: Clock, *, prefix: str = PREFIX) -> None:
        self._client = client
        self._clock = clock
        self._prefix = prefix

    async def keep_reading(self, every_seconds: float) -> None:
        """Until cancelled. Redis being away is told by other metrics; the gauges then stand still."""
        while True:
            try:
                await self.read()
            except (RedisError, OSError) as error:
                log.warning("the queue was not measured", error=str(error))
            await asyncio.sleep(every_seconds)

    async def read(self) -> None:
        now = self._clock.now().timestamp()
        async with self._client.pipeline(transaction=True) as pipe:
            for state in metrics.STATES:
                pipe.zcard(f"{self._prefix}{state}")
            pipe.zrange(f"{self._prefix}opened", 0, 0, withscores=True)
            pipe.zcard(f"{self._prefix}index:share:overdue")
            pipe.zcount(f"{self._prefix}due", "-inf", now * 1000)
            pipe.get(f"{self._prefix}breaches")
            *counts, oldest, marked, passed, breaches = await pipe.execute()
        for state, count in zip(metrics.STATES, counts, strict=True):
            metrics.QUEUE.labels(state).set(count)
        metrics.OLDEST.set(max(0.0, now - oldest[0][1] / 1000) if oldest else 0.0)
        metrics.OVERDUE.set(marked + passed)
        metrics.BREACHES.set(int(breaches or 0))
