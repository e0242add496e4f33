"""Tracks of one account, weighed together by a real worker on a real Kafka and a real Redis."""

import os
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from redis.asyncio import Redis

from services.policy.account import account_of
from services.policy.adapters.redis_tracks import (
    KEPT_OF_AN_ACCOUNT,
    MOST_OF_AN_ACCOUNT,
    RedisTracks,
    account_key,
)
from services.policy.facts import PatternFacts
from services.policy.inputs import PolicyInput
from shared.events import Declaration, Event, TrackUploaded
from shared.stream.admin import create_topics
from shared.stream.confluent_publisher import ConfluentPublisher
from shared.views.tracks import TrackView
from tests.support.events import an_upload
from tests.support.policy import a_finding, a_match
from tests.support.policy_worker import policy_settings, rebuilt, redis_database, send, until
from tests.support.processes import python
from tests.support.stack import Endpoints

DATABASE, SCRATCH = 9, 10


@pytest.fixture(scope="module")
def environment(endpoints: Endpoints) -> dict[str, str]:
    create_topics(endpoints.bootstrap_servers, 3)
    return policy_settings(endpoints, DATABASE)


@pytest.fixture
async def redis(environment: dict[str, str]) -> AsyncIterator[Redis]:
    async with Redis.from_url(environment["TRACKGATE_REDIS"]) as client:
        yield client


@pytest.fixture
async def scratch(environment: dict[str, str]) -> AsyncIterator[Redis]:
    """A database that no worker looks at."""
    async with Redis.from_url(redis_database(environment["TRACKGATE_REDIS"], SCRATCH)) as client:
        await client.flushdb()
        yield client


@pytest.fixture
async def worker(environment: dict[str, str]) -> AsyncIterator[None]:
    async with python("-m", "services.policy", environment=os.environ | environment):
        yield


def a_delivery(account: str, voice: str = "possible", *, ago: timedelta = timedelta(0)) -> TrackUploaded:
    at = datetime.now(UTC) - ago
    return an_upload(
        track_id=str(uuid.uuid4()),
        event_id=str(uuid.uuid4()),
        occurred_at=at,
        received_at=at,
        declaration=Declaration(title=f"Song with {voice}", display_artist=account),
        audio=an_upload().audio.model_copy(update={"sha256": uuid.uuid4().hex * 2}),
    )


def findings_of(upload: TrackUploaded) -> tuple[Event, ...]:
    return (
        a_finding(upload, "ai_detector", "not_detected"),
        a_finding(upload, "voice_matcher", "possible", matches=(a_match("liva", "possible"),)),
    )


async def until_state(client: Redis, track_id: str, state: str) -> TrackView:
    return await until(client, track_id, lambda view: view.state == state)


def pattern_of(view: TrackView) -> PatternFacts:
    assert view.decision is not None
    (pattern,) = PolicyInput.model_validate(view.decision.policy_input).patterns
    return pattern


async def test_a_published_track_is_held_when_more_of_its_account_resemble_and_after_a_lost_redis_too(
    environment: dict[str, str], worker: None, redis: Redis
) -> None:
    account = f"Account {uuid.uuid4()}"
    first, second, third = a_delivery(account), a_delivery(account), a_delivery(account)
    async with ConfluentPublisher(environment["TRACKGATE_KAFKA"]) as publisher:

        async def deliver(upload: TrackUploaded) -> None:
            await send(publisher, upload, *findings_of(upload))

        await deliver(first)
        await until_state(redis, first.track_id, "publish")
        await deliver(second)
        for one in (first, second):
            held = await until_state(redis, one.track_id, "quarantine")
            assert pattern_of(held).resembling == 2

        await redis.flushdb()
        await rebuilt(redis)
        await deliver(third)
        held = await until_state(redis, third.track_id, "quarantine")
        assert pattern_of(held).resembling == 3
        assert set(pattern_of(held).track_ids) == {first.track_id, second.track_id, third.track_id}


async def test_an_accounts_tracks_are_read_newest_first_from_a_day_on(scratch: Redis) -> None:
    tracks = RedisTracks(scratch)
    recent = [a_delivery("Nova", ago=timedelta(days=days)) for days in (1, 2, 3)]
    for upload in (*recent, a_delivery("Nova", ago=timedelta(days=40)), a_delivery("Other")):
        await tracks.record(upload)
    found = await tracks.of_account(account_of(recent[0]), datetime.now(UTC) - timedelta(days=30))
    assert [view.upload.track_id for view in found if view.upload] == [one.track_id for one in recent]


async def test_a_busy_account_takes_bounded_room_and_is_read_in_bounded_time(scratch: Redis) -> None:
    tracks, now = RedisTracks(scratch), datetime.now(UTC)
    key = account_key(account_of(a_delivery("Nova")))
    await scratch.zadd(
        key, {f"old-{number}": (now - timedelta(days=1)).timestamp() for number in range(KEPT_OF_AN_ACCOUNT)}
    )
    newest = [a_delivery("Nova") for _ in range(MOST_OF_AN_ACCOUNT + 5)]
    for upload in newest:
        await tracks.record(upload)
    assert await scratch.zcard(key) == KEPT_OF_AN_ACCOUNT
    assert len(await tracks.of_account(account_of(newest[0]), now - timedelta(days=30))) == MOST_OF_AN_ACCOUNT
