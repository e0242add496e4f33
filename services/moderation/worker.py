"""Wiring of the stream worker: decisions into the queue, reviews that wait for the broker out of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import structlog
from redis.asyncio import Redis

from services.moderation.adapters.queue_gauge import QueueGauge
from services.moderation.adapters.redis_queue import RedisQueue
from services.moderation.adapters.tracks import ViewedTracks
from services.moderation.desk import Desk
from services.moderation.handlers import DecisionHandler
from services.moderation.settings import ModerationWorkerSettings
from shared.clock import SystemClock
from shared.errors import SystemicError
from shared.stream.handler import Subscription
from shared.stream.publisher import Publisher
from shared.stream.runner import run_worker
from shared.stream.wiring import Wiring
from shared.topics import DECISIONS
from shared.views.redis_tracks import RedisTrackViews

log = structlog.get_logger()
GAUGE_SECONDS = 5.0


def worker_main(settings: ModerationWorkerSettings) -> int:
    @asynccontextmanager
    async def wire(publisher: Publisher) -> AsyncIterator[Wiring]:
        async with Redis.from_url(settings.redis) as client:
            queue = RedisQueue(client, SystemClock(), lease=settings.lease, skip=settings.skip)
            handler = DecisionHandler(queue, ViewedTracks(RedisTrackViews(client)))
            desk = Desk(queue, publisher, settings.label_codes)

            async def resend() -> None:
                await keep_sending(desk, settings.moderation_resend_seconds)

            gauge = QueueGauge(client, SystemClock(), due=settings.due)

            async def measure() -> None:
                await gauge.keep_reading(GAUGE_SECONDS)

            yield Wiring((Subscription(DECISIONS, handler),), background=(resend, measure))

    return run_worker("moderation", settings, wire)


async def keep_sending(desk: Desk, every_seconds: float) -> None:
    """Send reviews again that the broker has not acknowledged for ``every_seconds``, until cancelled."""
    while True:
        await asyncio.sleep(every_seconds)
        try:
            await desk.resend(older_than=timedelta(seconds=every_seconds))
        except SystemicError as error:
            log.warning("reviews are not sent again", reason=str(error))
