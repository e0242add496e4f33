"""Wiring of the policy worker."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta

from redis.asyncio import Redis

from services.policy.adapters.kafka_decisions import KafkaDecisionLog
from services.policy.adapters.kafka_history import KafkaHistory
from services.policy.adapters.kafka_policies import StopQueue
from services.policy.adapters.redis_tracks import RedisDeadlines, RedisLocks, RedisTracks
from services.policy.adapters.redis_views import RedisViews
from services.policy.changes import shipped
from services.policy.compiled import Policy, load_policy
from services.policy.domain import Judge
from services.policy.handlers import PolicyHandlers
from services.policy.rebuild import Rebuild
from services.policy.registry import Registry
from services.policy.settings import PolicySettings
from services.policy.stages import PolicyBook
from services.policy.sweep import DeadlineSweep, EventAlarm
from services.policy.trial import Trial
from shared.clock import Clock, SystemClock
from shared.events import ArtistKeyGiven, ConsentGrant, PolicyVersionChanged, ProtectedArtist
from shared.stream.compacted import CompactedTopic
from shared.stream.envelope import envelope
from shared.stream.handler import Subscription
from shared.stream.publisher import Publisher
from shared.stream.runner import run_worker
from shared.stream.wiring import Wiring
from shared.topics import (
    ARTIST_KEYS,
    ARTISTS,
    DECISIONS,
    FINDINGS,
    GRANTS,
    LABELS,
    POLICIES,
    REVIEWS,
    UPLOADS,
)
from shared.views.guard import ViewGuard

GUARD_SECONDS = 2.0


def wire(
    settings: PolicySettings, policy: Policy, clock: Clock
) -> Callable[[Publisher], AbstractAsyncContextManager[Wiring]]:
    """What the runner opens: the registry, Redis, and the views, rebuilt first if they are not there."""

    @asynccontextmanager
    async def opened(publisher: Publisher) -> AsyncIterator[Wiring]:
        registry = Registry()
        book = PolicyBook(policy)
        stops = StopQueue(publisher)
        trial = Trial(
            book,
            stops.put,
            window=settings.policy_breaker_window,
            minimum=settings.policy_breaker_minimum,
            margin=settings.policy_breaker_margin,
        )
        deadline = timedelta(seconds=settings.policy_deadline_seconds)
        alarm = EventAlarm()
        async with (
            CompactedTopic(ARTISTS, ProtectedArtist, settings.kafka, on_change=registry.put_artist),
            CompactedTopic(GRANTS, ConsentGrant, settings.kafka, on_change=registry.put_grant),
            CompactedTopic(ARTIST_KEYS, ArtistKeyGiven, settings.kafka, on_change=registry.put_key),
            CompactedTopic(POLICIES, PolicyVersionChanged, settings.kafka, on_change=book.put),
            Redis.from_url(settings.redis) as client,
        ):
            if book.word(policy.version) is None:
                await publisher.publish(envelope(POLICIES, shipped(policy, clock.now()), source="policy"))
            rebuild = Rebuild(KafkaHistory(settings.kafka), RedisViews(client), deadline=deadline)
            await rebuild.ensure()
            deadlines = RedisDeadlines(client, on_set=alarm.ring)
            handlers = PolicyHandlers(
                judge=Judge(book, registry, settings.policy_required_detectors),
                tracks=RedisTracks(client),
                locks=RedisLocks(client, lease_seconds=settings.policy_lease_seconds),
                deadlines=deadlines,
                decisions=KafkaDecisionLog(publisher),
                clock=clock,
                deadline=deadline,
                registry=registry,
                watch=trial,
                account_days=settings.policy_account_days,
            )
            sweep = DeadlineSweep(
                deadlines,
                handlers.on_deadline,
                clock=clock,
                alarm=alarm,
                not_before=clock.now() + timedelta(seconds=settings.policy_grace_seconds),
            )
            guard = ViewGuard(rebuild, lambda: asyncio.sleep(GUARD_SECONDS), named="tracks")
            yield Wiring(
                subscriptions=(
                    Subscription(UPLOADS, handlers.on_uploaded),
                    Subscription(FINDINGS, handlers.on_finding),
                    Subscription(REVIEWS, handlers.on_review),
                    Subscription(DECISIONS, handlers.on_decision),
                    Subscription(LABELS, handlers.on_labels),
                    Subscription(GRANTS, handlers.on_grant),
                    Subscription(ARTISTS, handlers.on_artist),
                    Subscription(ARTIST_KEYS, handlers.on_artist_key),
                ),
                background=(sweep.run, guard.run, stops.run),
            )

    return opened


def main() -> int:
    settings = PolicySettings.load()
    policy = load_policy(settings.policy_file, settings.policy_labels)
    return run_worker("policy", settings, wire(settings, policy, SystemClock()))
