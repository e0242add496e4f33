"""Wiring of the fingerprints worker: ``python -m services.fingerprints [serve | rebuild-views]``."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial

from redis.asyncio import Redis

from services.fingerprints.adapters.redis_mark import RedisMark
from services.fingerprints.adapters.redis_shelf import RedisShelf
from services.fingerprints.finding import DETECTOR
from services.fingerprints.handlers import CopyWatch
from services.fingerprints.rebuild import Rebuild
from services.fingerprints.settings import FingerprintsSettings
from shared.clock import SystemClock
from shared.stream.command import worker_command
from shared.stream.handler import Subscription
from shared.stream.observation import announce_detector
from shared.stream.publisher import Publisher
from shared.stream.replay import replay
from shared.stream.wiring import Wire, Wiring
from shared.topics import DECISIONS, UPLOADS
from shared.views.guard import ViewGuard

GUARD_SECONDS = 2.0


def wiring(settings: FingerprintsSettings) -> Wire:
    """Consuming starts when the shelf is whole."""

    @asynccontextmanager
    async def wire(_publisher: Publisher) -> AsyncIterator[Wiring]:
        announce_detector(DETECTOR)
        async with Redis.from_url(settings.redis) as client:
            shelf = RedisShelf(client)
            rebuild = _rebuild(settings, client)
            await rebuild.ensure()
            watch = CopyWatch(shelf, SystemClock())
            guard = ViewGuard(rebuild, lambda: asyncio.sleep(GUARD_SECONDS), named="fingerprints")
            yield Wiring(
                (Subscription(UPLOADS, watch.on_uploaded), Subscription(DECISIONS, watch.on_decision)),
                background=(guard.run,),
            )

    return wire


def _rebuild(settings: FingerprintsSettings, client: Redis) -> Rebuild:
    return Rebuild(partial(replay, bootstrap_servers=settings.kafka), RedisShelf(client), RedisMark(client))


async def rebuild_views(settings: FingerprintsSettings) -> str:
    async with Redis.from_url(settings.redis) as client:
        rebuilt = await _rebuild(settings, client).run()
    return (
        f"{rebuilt.recordings} fingerprints and {rebuilt.decisions} decisions written into the shelf, "
        f"{rebuilt.skipped} records skipped"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    return worker_command("fingerprints", FingerprintsSettings.load, wiring, rebuild_views, arguments)
