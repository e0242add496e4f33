"""Wiring of the stream worker: decisions into the queue, reviews that wait for the broker out of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import structlog
from redis.asyncio import Redis

from services.moderation.adapters.past import RedisPast
from services.moderation.adapters.queue_gauge import QueueGauge
from services.moderation.adapters.redis_queue import RedisQueue
from services.moderation.adapters.tracks import ViewedTracks
from services.moderation.desk import Desk
from services.moderation.handlers import AppealHandler, AppealOutcomeHandler, DecisionHandler
from services.moderation.settings import ModerationWorkerSettings
from shared.clock import SystemClock
from shared.errors import SystemicError
from shared.stream.handler import Subscription
from shared.stream.publisher import Publisher
from shared.stream.runner import run_worker
from shared.stream.wiring import Wiring
from shared.topics import APPEALS, APPEALS_DECIDED, DECISIONS
from shared.views.redis_tracks import RedisTrackViews

log = structlog.get_logger()
GAUGE_SECONDS = 5.0
SENDING_SECONDS = 0.5


def worker_main(settings: ModerationWorkerSettings) -> int:
    @asynccontextmanager
    async def wire(publisher: Publisher) -> AsyncIterator[Wiring]:
        async with Redis.from_url(settings.redis) as client:
            queue = RedisQueue(
                client, SystemClock(), lease=settings.lease, skip=settings.skip, undo=settings.undo
            )
            tracks = ViewedTracks(RedisTrackViews(client))
            handler = DecisionHandler(queue, tracks, RedisPast(client, queue), due=settings.due)
            desk = Desk(queue, publisher, settings.label_codes)

            async def resend() -> None:
                await keep_sending(desk, settings.moderation_resend_seconds, settings.undo)

            gauge = QueueGauge(client, SystemClock())

            async def measure() -> None:
                await gauge.keep_reading(GAUGE_SECONDS)

            yield Wiring(
                (
                    Subscription(DECISIONS, handler),
                    Subscription(APPEALS, AppealHandler(queue, tracks, settings.appeal_clocks)),
                    Subscription(APPEALS_DECIDED, AppealOutcomeHandler(tracks)),
                ),
                background=(resend, measure),
            )

    return run_worker("moderation", settings, wire)


async def keep_sending(desk: Desk, every_seconds: float, undo: timedelta) -> None:
    """Send what has left its undo window, and again what the broker has not acknowledged, until cancelled.

    Without an undo window the API sends by itself, and is left ``every_seconds`` to do it.
    """
    grace = timedelta() if undo else timedelta(seconds=every_seconds)
    while True:
        await asyncio.sleep(min(every_seconds, SENDING_SECONDS))
        try:
            await desk.resend(older_than=grace)
        except SystemicError as error:
            log.warning("reviews are not sent again", reason=str(error))
