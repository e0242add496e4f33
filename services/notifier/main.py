"""The notifier's composition root: ``python -m services.notifier [serve | rebuild-views]``."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from redis.asyncio import Redis

from services.notifier.adapters.guarded_http import GuardedPost
from services.notifier.adapters.views import RedisSchedule, ViewedUploads
from services.notifier.domain import Schedule
from services.notifier.handlers import DecisionHandler, DeliveryHandler
from services.notifier.rebuild import rebuild
from services.notifier.sender import Sender
from services.notifier.settings import NotifierSettings
from shared.clock import SystemClock
from shared.errors import SettingsError
from shared.events import WebhookRegistered
from shared.stream.command import worker_command
from shared.stream.compacted import CompactedTopic
from shared.stream.handler import Subscription
from shared.stream.publisher import Publisher
from shared.stream.replay import replay
from shared.stream.wiring import Wire, Wiring
from shared.topics import DECISIONS, DELIVERIES, WEBHOOKS
from shared.views.redis_tracks import RedisTrackViews
from shared.webhooks.settings import load_seal

POLL_SECONDS = 0.5


def wire(settings: NotifierSettings) -> Wire:
    """What the runner needs.

    Raises:
        SettingsError: there is no key to open signing secrets with.
    """
    seal = load_seal(settings)
    if seal is None:
        raise SettingsError(
            "set TRACKGATE_WEBHOOK_KEY to the key that the registry has "
            "(`openssl rand -base64 32` makes one), or on your own machine TRACKGATE_WEBHOOK_KEY_FILE"
        )
    post = GuardedPost(
        allowed_hosts=settings.webhook_allowed_hosts, total_seconds=settings.notifier_timeout_seconds
    )

    @asynccontextmanager
    async def opened(publisher: Publisher) -> AsyncIterator[Wiring]:
        async with (
            Redis.from_url(settings.redis) as client,
            CompactedTopic(WEBHOOKS, WebhookRegistered, settings.kafka) as webhooks,
        ):
            due = RedisSchedule(client)
            sender = Sender(
                due=due,
                webhooks=webhooks.current,
                seal=seal,
                post=post,
                publisher=publisher,
                schedule=Schedule(settings.notifier_back_off_seconds, settings.disable_after),
                clock=SystemClock(),
                timeout_seconds=settings.notifier_timeout_seconds,
                at_once=settings.notifier_at_once,
                in_flight=settings.notifier_in_flight,
            )

            async def send() -> None:
                await sender.keep_sending(POLL_SECONDS)

            yield Wiring(
                (
                    Subscription(
                        DECISIONS,
                        DecisionHandler(webhooks.current, ViewedUploads(RedisTrackViews(client))),
                    ),
                    Subscription(DELIVERIES, DeliveryHandler(due)),
                ),
                background=(send,),
            )

    return opened


async def rebuild_views(settings: NotifierSettings) -> str:
    async with Redis.from_url(settings.redis) as client:
        rebuilt = await rebuild(replay(DELIVERIES, settings.kafka), RedisSchedule(client))
    return f"{rebuilt.steps} steps of deliveries written into the schedule, {rebuilt.skipped} records skipped"


def main(arguments: Sequence[str] | None = None) -> int:
    return worker_command("notifier", NotifierSettings.load, wire, rebuild_views, arguments)
