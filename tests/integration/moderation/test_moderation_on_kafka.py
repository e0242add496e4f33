"""The worker and the rebuild on a real Kafka and a real Redis; the test plays policy's part."""

import asyncio
import os
import signal
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta

import pytest
from redis.asyncio import Redis

from services.moderation.adapters.redis_queue import RedisQueue
from services.moderation.desk import Desk, Resolved
from services.moderation.domain.cases import Case, CaseState, appeal_case_id_of, case_id_of, summarise
from services.moderation.domain.looking import Filter
from services.moderation.domain.outcomes import Claimed, Undone
from services.moderation.domain.queue import Answer
from services.moderation.rebuild import rebuild
from services.moderation.settings import LABELS, ModerationWorkerSettings
from shared.clock import SystemClock
from shared.errors import PublishError
from shared.events import AppealFiled, DecisionMade, Event, Outcome, ReviewResolved, TrackUploaded
from shared.stream.admin import create_topics
from shared.stream.confluent_publisher import ConfluentPublisher
from shared.stream.envelope import envelope
from shared.stream.message import Record
from shared.stream.replay import replay
from shared.topics import APPEALS, DECISIONS, REVIEWS, UPLOADS
from shared.views.redis_tracks import RedisTrackViews
from tests.support.events import an_upload
from tests.support.processes import python
from tests.support.stack import Endpoints
from tests.unit.moderation.desk_fakes import a_decision

DATABASE = 9
PATIENCE = 60.0
LEASE = timedelta(minutes=15)
LABEL_CODES = frozenset(label.code for label in LABELS)
Publish = Callable[..., Awaitable[None]]
_TOPICS = {TrackUploaded: UPLOADS, DecisionMade: DECISIONS, ReviewResolved: REVIEWS, AppealFiled: APPEALS}


@pytest.fixture(scope="module")
def environment(endpoints: Endpoints) -> dict[str, str]:
    create_topics(endpoints.bootstrap_servers, 3)
    return {
        "TRACKGATE_KAFKA": endpoints.bootstrap_servers,
        "TRACKGATE_REDIS": f"{endpoints.redis_url.rsplit('/', 1)[0]}/{DATABASE}",
        "TRACKGATE_HEALTH_PORT": "0",
        "TRACKGATE_SESSION_SECONDS": "6",
        "TRACKGATE_RETRY_SECONDS": "[1, 2]",
        "TRACKGATE_MODERATION_RESEND_SECONDS": "1",
        "TRACKGATE_MODERATION_UNDO_SECONDS": "0",
    }


@pytest.fixture
async def redis(environment: dict[str, str]) -> AsyncIterator[Redis]:
    async with Redis.from_url(environment["TRACKGATE_REDIS"]) as client:
        await client.flushdb()
        yield client


@pytest.fixture
def queue(redis: Redis) -> RedisQueue:
    return RedisQueue(redis, SystemClock(), lease=LEASE, skip=timedelta(hours=1))


@pytest.fixture
async def publisher(environment: dict[str, str]) -> AsyncIterator[ConfluentPublisher]:
    async with ConfluentPublisher(environment["TRACKGATE_KAFKA"]) as publisher:
        yield publisher


@pytest.fixture
async def publish(publisher: ConfluentPublisher) -> Publish:
    async def send(*events: Event) -> None:
        for event in events:
            await publisher.publish(envelope(_TOPICS[type(event)], event, source="test"))

    return send


def a_worker(environment: dict[str, str]) -> AbstractAsyncContextManager[asyncio.subprocess.Process]:
    return python("-m", "services.moderation", "worker", environment=os.environ | environment)


def a_track() -> tuple[TrackUploaded, DecisionMade]:
    track_id = str(uuid.uuid4())
    upload = an_upload(track_id=track_id, event_id=str(uuid.uuid4()))
    return upload, a_decision(track_id=track_id, event_id=str(uuid.uuid4()))


def superseding(decision: DecisionMade, outcome: Outcome, sequence: int = 2) -> DecisionMade:
    return decision.model_copy(
        update={
            "event_id": str(uuid.uuid4()),
            "outcome": outcome,
            "sequence": sequence,
            "supersedes": decision.event_id,
        }
    )


async def until(queue: RedisQueue, case_id: str, wanted: Callable[[Case], bool]) -> Case:
    async with asyncio.timeout(PATIENCE):
        while True:
            case = await queue.case(case_id)
            if case is not None and wanted(case):
                return case
            await asyncio.sleep(0.05)


def in_state(state: CaseState) -> Callable[[Case], bool]:
    return lambda case: case.state is state


async def answer(queue: RedisQueue, desk: Desk, case_id: str) -> Resolved:
    claimed = await queue.claim(case_id, "ada")
    assert isinstance(claimed, Claimed)
    resolved = await desk.resolve(
        case_id,
        "ada",
        claimed.claim.token,
        Answer(claimed.case.summary.decision_id, Outcome.REJECT, note="No."),
    )
    assert isinstance(resolved, Resolved)
    return resolved


async def test_from_held_to_reviewed_to_closed(
    environment: dict[str, str],
    redis: Redis,
    queue: RedisQueue,
    publisher: ConfluentPublisher,
    publish: Publish,
) -> None:
    upload, decision = a_track()
    case_id = case_id_of(upload.track_id)
    await RedisTrackViews(redis).record(upload)
    async with a_worker(environment) as worker:
        await publish(decision, decision)
        await until(queue, case_id, in_state(CaseState.OPEN))
        resolved = await answer(queue, Desk(queue, publisher, LABEL_CODES), case_id)
        reviews = [
            ReviewResolved.from_bytes(value) for value in replay(REVIEWS, environment["TRACKGATE_KAFKA"])
        ]
        assert [review.event_id for review in reviews if review.track_id == upload.track_id] == [
            resolved.resolution.event_id
        ]
        await until(queue, case_id, in_state(CaseState.RESOLVED_PENDING))
        await publish(superseding(decision, Outcome.REJECT), decision)
        case = await until(queue, case_id, in_state(CaseState.CLOSED))
        assert case.resolution == resolved.resolution
        worker.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(worker.wait(), PATIENCE) == 0


async def test_a_track_whose_upload_comes_late_is_queued_at_once_and_described_by_the_retry(
    environment: dict[str, str], redis: Redis, queue: RedisQueue, publish: Publish
) -> None:
    upload, decision = a_track()
    case_id = case_id_of(upload.track_id)
    async with a_worker(environment):
        await publish(decision)
        case = await until(queue, case_id, in_state(CaseState.OPEN))
        assert not case.summary.described
        await RedisTrackViews(redis).record(upload)
        described = await until(queue, case_id, lambda case: case.summary.described)
        assert described.summary.title == upload.declaration.title


async def test_an_answer_that_the_broker_never_acknowledged_is_sent_by_the_worker(
    environment: dict[str, str], redis: Redis, queue: RedisQueue, publish: Publish
) -> None:
    class Away:
        async def publish(self, record: Record) -> None:
            raise PublishError(f"{record.topic}: no broker")

    upload, decision = a_track()
    case_id = case_id_of(upload.track_id)
    await RedisTrackViews(redis).record(upload)
    async with a_worker(environment):
        await publish(decision)
        await until(queue, case_id, in_state(CaseState.OPEN))
        with pytest.raises(PublishError):
            await answer(queue, Desk(queue, Away(), LABEL_CODES), case_id)
        kept = await until(queue, case_id, lambda case: case.acknowledged)
    assert kept.state is CaseState.RESOLVED_PENDING
    assert kept.resolution is not None
    sent = [ReviewResolved.from_bytes(value) for value in replay(REVIEWS, environment["TRACKGATE_KAFKA"])]
    assert kept.resolution.event_id in {review.event_id for review in sent}


async def contest(redis: Redis, publish: Publish, decision: DecisionMade) -> str:
    """A decision and the appeal against it; returns the appeal's case."""
    await RedisTrackViews(redis).record(decision)
    filed = AppealFiled(
        event_id=str(uuid.uuid4()),
        occurred_at=decision.occurred_at + timedelta(hours=1),
        track_id=decision.track_id,
        decision_id=decision.event_id,
        distributor_id="northwind",
        text="We made this.",
    )
    await publish(decision, filed)
    return appeal_case_id_of(decision.track_id)


async def test_an_emptied_redis_is_rebuilt_from_kafka(
    environment: dict[str, str],
    redis: Redis,
    queue: RedisQueue,
    publisher: ConfluentPublisher,
    publish: Publish,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waiting, answered, gone, back, contested = (a_track() for _ in range(5))
    for upload, decision in (waiting, answered, gone, back, contested):
        await RedisTrackViews(redis).record(upload)
        await RedisTrackViews(redis).record(decision)
        await publish(upload, decision)
    async with a_worker(environment):
        for upload, _ in (waiting, answered, gone, back, contested):
            await until(queue, case_id_of(upload.track_id), in_state(CaseState.OPEN))
        resolved = await answer(queue, Desk(queue, publisher, LABEL_CODES), case_id_of(answered[0].track_id))
        await publish(superseding(gone[1], Outcome.PUBLISH))
        await publish(superseding(back[1], Outcome.PUBLISH), superseding(back[1], Outcome.QUARANTINE, 3))
        await until(queue, case_id_of(gone[0].track_id), in_state(CaseState.CLOSED))
        await until(queue, case_id_of(back[0].track_id), lambda case: case.summary.sequence == 3)
        appeal = await contest(redis, publish, superseding(contested[1], Outcome.REJECT))
        await until(queue, appeal, in_state(CaseState.OPEN))
    mine = {case_id_of(upload.track_id) for upload, _ in (waiting, answered, gone, back)} | {appeal}
    before = {case_id: await queue.case(case_id) for case_id in mine}

    await redis.flushdb()
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    rebuilt = await rebuild(ModerationWorkerSettings.load())

    assert rebuilt.pending >= 1
    after = {case_id: await queue.case(case_id) for case_id in mine}
    assert after == before
    listed = {case.case_id for case in (await queue.page("ada", Filter(), limit=200)).cases} & mine
    assert listed == {case_id_of(waiting[0].track_id), case_id_of(back[0].track_id), appeal}
    assert rebuilt.appeals >= 1
    late = await queue.open(before[case_id_of(waiting[0].track_id)].summary)  # type: ignore[union-attr]  # held
    assert late.value == "repeat"
    claimed = await queue.claim(case_id_of(waiting[0].track_id), "ben")
    assert isinstance(claimed, Claimed)
    assert claimed.claim.token > resolved.resolution.claim_token


async def test_a_rebuild_keeps_an_answer_that_is_still_in_its_undo_window(
    environment: dict[str, str], redis: Redis, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = RedisQueue(redis, SystemClock(), lease=LEASE, skip=timedelta(hours=1), undo=timedelta(hours=1))
    upload, decision = a_track()
    await publish(upload, decision)
    await queue.open(summarise(decision, upload))
    claimed = await queue.claim(case_id_of(upload.track_id), "ada")
    assert isinstance(claimed, Claimed)
    wanted = Answer(decision.event_id, Outcome.REJECT, note="No.")
    await queue.begin_resolution(claimed.case.case_id, "ada", claimed.claim.token, wanted)
    before = await queue.case(claimed.case.case_id)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    rebuilt = await rebuild(ModerationWorkerSettings.load())
    assert (rebuilt.answers, rebuilt.proposals) == (1, 0)
    assert before is not None
    assert before.resolution is not None
    after = await queue.case(claimed.case.case_id)
    assert after is not None
    assert (after.state, after.resolution, after.acknowledged) == (before.state, before.resolution, False)
    undone = await queue.undo(claimed.case.case_id, "ada", before.resolution.event_id)
    assert isinstance(undone, Undone)


async def test_fifty_reviewers_at_once_never_hold_the_same_case(redis: Redis, queue: RedisQueue) -> None:
    for _ in range(60):
        upload, decision = a_track()
        await queue.open(summarise(decision, upload))
    rounds = await asyncio.gather(*(queue.claim_next(f"reviewer-{number}", Filter()) for number in range(50)))
    held = [outcome.case.case_id for outcome in rounds if isinstance(outcome, Claimed)]
    tokens = [outcome.claim.token for outcome in rounds if isinstance(outcome, Claimed)]
    assert len(held) == len(set(held)) == len(set(tokens)) == 50
    same = await asyncio.gather(*(queue.claim(held[0], f"other-{number}") for number in range(20)))
    assert not any(isinstance(outcome, Claimed) for outcome in same)
