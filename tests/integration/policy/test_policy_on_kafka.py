"""The policy worker on a real Kafka and a real Redis."""

import asyncio
import contextlib
import os
import signal
import sys
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
from redis.asyncio import Redis

from services.policy.__main__ import main
from services.policy.adapters.kafka_history import KafkaHistory
from services.policy.adapters.redis_tracks import (
    DEADLINES,
    REBUILT,
    RedisDeadlines,
    RedisLocks,
    RedisTracks,
    ViewsEmptied,
)
from services.policy.adapters.redis_views import RedisViews
from services.policy.rebuild import Rebuild
from shared.errors import SystemicError, TransientError
from shared.events import DecisionMade, Event, Outcome, ProtectedArtist, TrackUploaded
from shared.stream.admin import create_topics
from shared.stream.confluent_publisher import ConfluentPublisher
from shared.stream.envelope import envelope
from shared.topics import ARTISTS, DECISIONS, FINDINGS, REVIEWS, UPLOADS, Topic
from shared.views.redis_tracks import RedisTrackViews, track_key
from shared.views.tracks import TrackView
from tests.support.events import an_upload
from tests.support.policy import a_finding, a_match, a_review, an_artist
from tests.support.stack import Endpoints

DATABASE = 7
PATIENCE = 60.0
Publish = Callable[..., Awaitable[None]]
TOPICS: dict[type[Event], Topic] = {topic.event: topic for topic in (UPLOADS, FINDINGS, REVIEWS, ARTISTS)}


@pytest.fixture(scope="module")
def environment(endpoints: Endpoints) -> dict[str, str]:
    """Settings of the workers of these tests: a Redis database of their own, short times."""
    create_topics(endpoints.bootstrap_servers, 3)
    return {
        "TRACKGATE_KAFKA": endpoints.bootstrap_servers,
        "TRACKGATE_REDIS": f"{endpoints.redis_url.rsplit('/', 1)[0]}/{DATABASE}",
        "TRACKGATE_PARTITIONS": "3",
        "TRACKGATE_HEALTH_PORT": "0",
        "TRACKGATE_POLICY_DEADLINE_SECONDS": "600",
        "TRACKGATE_POLICY_GRACE_SECONDS": "0",
        "TRACKGATE_POLICY_LEASE_SECONDS": "5",
        "TRACKGATE_SESSION_SECONDS": "6",
        "TRACKGATE_RETRY_SECONDS": "[1, 2]",
    }


@pytest.fixture
async def redis(environment: dict[str, str]) -> AsyncIterator[Redis]:
    async with Redis.from_url(environment["TRACKGATE_REDIS"]) as client:
        await client.flushdb()
        yield client


@pytest.fixture
async def publish(environment: dict[str, str]) -> AsyncIterator[Publish]:
    async with ConfluentPublisher(environment["TRACKGATE_KAFKA"]) as publisher:

        async def send(*events: Event) -> None:
            for event in events:
                await publisher.publish(envelope(TOPICS[type(event)], event, source="test"))

        yield send


class Worker:
    """A worker process, and the way to end it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        await self.process.wait()

    async def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self.process.wait(), PATIENCE)


@contextlib.asynccontextmanager
async def a_worker(environment: dict[str, str], **changes: str) -> AsyncIterator[Worker]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.policy", env={**os.environ, **environment, **changes}
    )
    try:
        yield Worker(process)
    finally:
        if process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), PATIENCE)
            except TimeoutError:
                process.kill()
                await process.wait()


def a_delivery() -> TrackUploaded:
    now = datetime.now(UTC)
    return an_upload(track_id=str(uuid.uuid4()), event_id=str(uuid.uuid4()), occurred_at=now, received_at=now)


def clean(upload: TrackUploaded) -> tuple[Event, ...]:
    return (
        a_finding(upload, "ai_detector", "not_detected"),
        a_finding(upload, "voice_matcher", "no_match"),
    )


async def until(client: Redis, track_id: str, wanted: Callable[[TrackView], bool]) -> TrackView:
    """The track's view as soon as it is as wanted."""
    views = RedisTrackViews(client)

    async def watching() -> TrackView:
        async for view in views.watch(track_id):
            if wanted(view):
                return view
        raise AssertionError("watching ended")

    return await asyncio.wait_for(watching(), PATIENCE)


def decided(times: int) -> Callable[[TrackView], bool]:
    return lambda view: len(view.decisions) >= times


async def decisions_in_kafka(environment: dict[str, str], tracks: set[str]) -> list[DecisionMade]:
    history = KafkaHistory(environment["TRACKGATE_KAFKA"])
    return [
        decision
        async for batch in history.read(DECISIONS)
        for message in batch
        if (decision := DecisionMade.from_bytes(message.value)).track_id in tracks
    ]


async def test_a_track_goes_from_upload_to_decision_to_review(
    environment: dict[str, str], redis: Redis, publish: Publish
) -> None:
    upload = a_delivery()
    artist: ProtectedArtist = an_artist()
    async with a_worker(environment) as worker:
        await publish(artist, upload, a_finding(upload, "ai_detector", "not_detected"))
        match = a_match(artist.artist_id, "match")
        await publish(a_finding(upload, "voice_matcher", "match", matches=(match,)))
        view = await until(redis, upload.track_id, decided(1))
        assert view.decision is not None
        assert view.decision.outcome is Outcome.QUARANTINE
        await publish(a_review(view.decision, "publish"))
        view = await until(redis, upload.track_id, decided(2))
        assert view.state == "publish"
        assert await worker.stop() == 0
    logged = await decisions_in_kafka(environment, {upload.track_id})
    assert tuple(logged) == view.decisions
    assert await redis.zscore(DEADLINES, upload.track_id) is None


async def test_a_missing_finding_holds_the_track_at_its_deadline_and_a_late_one_lets_it_go(
    environment: dict[str, str], redis: Redis, publish: Publish
) -> None:
    upload = a_delivery()
    ai, voice = clean(upload)
    async with a_worker(environment, TRACKGATE_POLICY_DEADLINE_SECONDS="3"):
        await publish(upload, ai)
        view = await until(redis, upload.track_id, decided(1))
        assert view.decision is not None
        assert "finding_missing" in {reason.code for reason in view.decision.reasons}
        assert view.decision.occurred_at - upload.received_at >= timedelta(seconds=3)
        await publish(voice)
        assert (await until(redis, upload.track_id, decided(2))).state == "publish"


async def test_a_worker_killed_in_the_middle_leaves_every_track_decided_once(
    environment: dict[str, str], redis: Redis, publish: Publish
) -> None:
    uploads = [a_delivery() for _ in range(60)]
    tracks = {upload.track_id for upload in uploads}
    async with a_worker(environment) as first, a_worker(environment):
        for upload in uploads:
            await publish(upload, *clean(upload))
        await until(redis, uploads[5].track_id, decided(1))
        await first.kill()
        for upload in uploads:
            view = await until(redis, upload.track_id, decided(1))
            assert view.state == "publish"
    logged = await decisions_in_kafka(environment, tracks)
    assert {decision.track_id for decision in logged} == tracks
    assert len({decision.event_id for decision in logged}) == len(uploads)
    assert all(decision.sequence == 1 for decision in logged)


async def test_views_and_deadlines_are_rebuilt_from_kafka_exactly(
    environment: dict[str, str], redis: Redis, publish: Publish
) -> None:
    done, waiting = a_delivery(), a_delivery()
    async with a_worker(environment):
        await publish(done, *clean(done), waiting, clean(waiting)[0])
        await until(redis, done.track_id, decided(1))
        await until(redis, waiting.track_id, lambda view: bool(view.upload and view.findings))
        before = {t: await redis.hgetall(track_key(t)) for t in (done.track_id, waiting.track_id)}
        due = await redis.zscore(DEADLINES, waiting.track_id)
        await redis.flushdb()
        await until(redis, done.track_id, decided(1))
        await until(redis, waiting.track_id, lambda view: bool(view.upload and view.findings))
        while not await redis.exists(REBUILT):  # noqa: ASYNC110 - Redis has no notice for a key
            await asyncio.sleep(0.05)
        after = {t: await redis.hgetall(track_key(t)) for t in (done.track_id, waiting.track_id)}
        assert after == before
        assert await redis.zscore(DEADLINES, waiting.track_id) == due
        assert await redis.zscore(DEADLINES, done.track_id) is None
        await publish(clean(waiting)[1])
        assert (await until(redis, waiting.track_id, decided(1))).state == "publish"
    assert len(await decisions_in_kafka(environment, {done.track_id, waiting.track_id})) == 2


async def test_a_worker_that_starts_on_an_empty_redis_rebuilds_before_it_decides(
    environment: dict[str, str], redis: Redis, publish: Publish
) -> None:
    upload = a_delivery()
    async with a_worker(environment):
        await publish(upload, *clean(upload))
        first = await until(redis, upload.track_id, decided(1))
    await redis.flushdb()
    other = clean(upload)[0].model_copy(update={"event_id": str(uuid.uuid4())})
    await publish(other)
    async with a_worker(environment):
        view = await until(redis, upload.track_id, decided(1))
    assert view.decisions == first.decisions


async def test_rebuild_views_and_explain_on_the_command_line(
    environment: dict[str, str],
    redis: Redis,
    publish: Publish,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    upload = a_delivery()
    async with a_worker(environment):
        await publish(upload, *clean(upload))
        await until(redis, upload.track_id, decided(1))
    await redis.flushdb()
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert await asyncio.to_thread(main, ["rebuild-views"]) == 0
    assert "tracks.decisions: " in capsys.readouterr().out
    assert await asyncio.to_thread(main, ["explain", upload.track_id, "--all"]) == 0
    told = capsys.readouterr().out
    assert "Decision 1: PUBLISH, automatically" in told
    assert "No sign of generation and no protected voice was found." in told
    assert "· voice-without-consent: there are no matches" in told


async def test_nothing_is_read_from_views_that_were_never_built(redis: Redis) -> None:
    with pytest.raises(ViewsEmptied):
        await RedisTracks(redis).load(str(uuid.uuid4()))


async def test_a_view_that_redis_loses_while_it_is_rebuilt_is_not_called_complete(
    environment: dict[str, str], redis: Redis
) -> None:
    views = RedisViews(redis)
    with pytest.raises(SystemicError, match="emptied"):
        async with views.rebuilding():
            await redis.flushdb()
    assert not await views.built()
    rebuild = Rebuild(KafkaHistory(environment["TRACKGATE_KAFKA"]), views, deadline=timedelta(seconds=60))
    assert await rebuild.ensure()
    assert not await rebuild.ensure()


async def test_one_track_is_held_by_one_worker_at_a_time_and_freed_when_the_lease_ends(redis: Redis) -> None:
    locks = RedisLocks(redis, lease_seconds=0.3)
    track = str(uuid.uuid4())
    longer = RedisLocks(redis, lease_seconds=5.0)
    async with longer.holding(track):
        with pytest.raises(TransientError):
            async with locks.holding(track):
                raise AssertionError("two workers hold one track")
    async with locks.holding(track), longer.holding(track):
        pass


async def test_deadlines_come_due_in_order(redis: Redis) -> None:
    rung: list[None] = []
    deadlines = RedisDeadlines(redis, on_set=lambda: rung.append(None))
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
