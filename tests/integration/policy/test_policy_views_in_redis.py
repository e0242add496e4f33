"""The policy's views, locks and deadlines on a real Redis, without a worker."""

import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from redis.asyncio import Redis

from services.policy.adapters.kafka_history import KafkaHistory
from services.policy.adapters.redis_tracks import (
    RedisDeadlines,
    RedisLocks,
    RedisTracks,
    ViewsEmptied,
)
from services.policy.adapters.redis_views import RedisViews
from services.policy.rebuild import Rebuild
from shared.errors import SystemicError, TransientError
from shared.stream.admin import create_topics
from tests.support.stack import Endpoints

SCRATCH = 8


@pytest.fixture
async def scratch(endpoints: Endpoints) -> AsyncIterator[Redis]:
    """A database that no worker looks at."""
    async with Redis.from_url(f"{endpoints.redis_url.rsplit('/', 1)[0]}/{SCRATCH}") as client:
        await client.flushdb()
        yield client


async def test_nothing_is_read_from_views_that_were_never_built(scratch: Redis) -> None:
    with pytest.raises(ViewsEmptied):
        await RedisTracks(scratch).load(str(uuid.uuid4()))


async def test_a_view_that_redis_loses_while_it_is_rebuilt_is_not_called_complete(
    endpoints: Endpoints, scratch: Redis
) -> None:
    create_topics(endpoints.bootstrap_servers, 3)
    views = RedisViews(scratch)
    with pytest.raises(SystemicError, match="emptied"):
        async with views.rebuilding():
            await scratch.flushdb()
    assert not await views.built()
    rebuild = Rebuild(KafkaHistory(endpoints.bootstrap_servers), views, deadline=timedelta(seconds=60))
    assert await rebuild.ensure()
    assert not await rebuild.ensure()


async def test_one_track_is_held_by_one_worker_at_a_time_and_freed_when_the_lease_ends(
    scratch: Redis,
) -> None:
    locks = RedisLocks(scratch, lease_seconds=0.3)
    track = str(uuid.uuid4())
    longer = RedisLocks(scratch, lease_seconds=5.0)
    async with longer.holding(track):
        with pytest.raises(TransientError):
            async with locks.holding(track):
                raise AssertionError("two workers hold one track")
    async with locks.holding(track), longer.holding(track):
        pass


async def test_deadlines_come_due_in_order(scratch: Redis) -> None:
    rung: list[None] = []
    deadlines = RedisDeadlines(scratch, on_set=lambda: rung.append(None))
    now = datetime.now(UTC)
    assert await deadlines.next() is None
    await deadlines.set("late", now + timedelta(seconds=60))
    await deadlines.set("first", now - timedelta(seconds=2))
    await deadlines.set("second", now - timedelta(seconds=1))
    assert len(rung) == 3
    assert await deadlines.due(now, 10) == ["first", "second"]
    assert await deadlines.due(now, 1) == ["first"]
    await deadlines.clear("first")
    earliest = await deadlines.next()
    assert earliest is not None
    assert abs((earliest - (now - timedelta(seconds=1))).total_seconds()) < 0.001


async def test_redis_being_away_is_an_outage() -> None:
    async with Redis.from_url("redis://127.0.0.1:1/0") as nowhere:
        with pytest.raises(SystemicError, match="Redis"):
            await RedisTracks(nowhere).load(str(uuid.uuid4()))
