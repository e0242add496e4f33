"""The policy worker on a real Kafka and a real Redis."""

import asyncio
import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from redis.asyncio import Redis

from services.policy.__main__ import main
from services.policy.adapters.kafka_history import KafkaHistory
from services.policy.adapters.redis_tracks import (
    DEADLINES,
)
from services.policy.compiled import DEFAULT_POLICY, load_policy
from shared.events import DecisionMade, Event, Outcome, ProtectedArtist, TrackUploaded
from shared.stream.admin import create_topics
from shared.stream.confluent_publisher import ConfluentPublisher
from shared.topics import DECISIONS
from shared.views.redis_tracks import track_key
from shared.views.tracks import TrackView
from tests.support.events import an_upload
from tests.support.policy import a_finding, a_grant, a_match, a_review, an_artist
from tests.support.policy_worker import policy_settings, rebuilt, send, until
from tests.support.stack import Endpoints

DATABASE = 7
PATIENCE = 60.0
DEADLINE = 600.0
BENCH = Path("build/bench/policy.json")
Cli = Callable[..., Awaitable[str]]
Publish = Callable[..., Awaitable[None]]


@pytest.fixture(scope="module")
def environment(endpoints: Endpoints) -> dict[str, str]:
    """Settings of the workers of these tests: a Redis database of their own, short times."""
    create_topics(endpoints.bootstrap_servers, 3)
    return policy_settings(endpoints, DATABASE) | {
        "TRACKGATE_POLICY_DEADLINE_SECONDS": f"{DEADLINE:.0f}",
        "TRACKGATE_POLICY_GRACE_SECONDS": "0",
        "TRACKGATE_POLICY_LEASE_SECONDS": "5",
        "TRACKGATE_RETRY_SECONDS": "[1, 2]",
    }


@pytest.fixture
async def redis(environment: dict[str, str]) -> AsyncIterator[Redis]:
    async with Redis.from_url(environment["TRACKGATE_REDIS"]) as client:
        yield client


@pytest.fixture
async def publish(environment: dict[str, str]) -> AsyncIterator[Publish]:
    async with ConfluentPublisher(environment["TRACKGATE_KAFKA"]) as publisher:
        yield partial(send, publisher)


class Workers:
    """The policy worker of this module. Each test leaves it running; one of the last kills it for another."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._environment = {**os.environ, **environment}
        self.running: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        self.running.append(
            subprocess.Popen([sys.executable, "-m", "services.policy"], env=self._environment)
        )

    def kill_one(self) -> None:
        process = self.running.pop(0)
        process.kill()
        process.wait()

    def stop(self) -> list[int]:
        for process in self.running:
            process.terminate()
        statuses = [process.wait(PATIENCE) for process in self.running]
        self.running.clear()
        return statuses


@pytest.fixture(scope="module")
def workers(environment: dict[str, str]) -> Iterator[Workers]:
    started = Workers(environment)
    started.start()
    try:
        yield started
    finally:
        started.stop()


@pytest.fixture
def cli(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Awaitable[str]]:
    """The policy service's commands; what they print."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    async def run(*arguments: str, status: int = 0) -> str:
        capsys.readouterr()
        assert await asyncio.to_thread(main, list(arguments)) == status, capsys.readouterr()
        return capsys.readouterr().out

    return run


def a_delivery(*, received_ago: timedelta = timedelta(0)) -> TrackUploaded:
    at = datetime.now(UTC) - received_ago
    return an_upload(track_id=str(uuid.uuid4()), event_id=str(uuid.uuid4()), occurred_at=at, received_at=at)


def shipped_version() -> str:
    return load_policy().version


def note(name: str, value: float) -> None:
    """Into the file that the benchmark writes as well."""
    kept = json.loads(BENCH.read_text(encoding="utf-8")) if BENCH.exists() else {}
    BENCH.parent.mkdir(parents=True, exist_ok=True)
    BENCH.write_text(json.dumps({**kept, name: value}, indent=2) + "\n", encoding="utf-8")


def clean(upload: TrackUploaded) -> tuple[Event, ...]:
    return (
        a_finding(upload, "ai_detector", "not_detected"),
        a_finding(upload, "voice_matcher", "no_match"),
    )


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
    environment: dict[str, str], workers: Workers, redis: Redis, publish: Publish
) -> None:
    upload = a_delivery()
    artist: ProtectedArtist = an_artist()
    await publish(artist, upload, a_finding(upload, "ai_detector", "not_detected"))
    await publish(a_finding(upload, "voice_matcher", "match", matches=(a_match(artist.artist_id, "match"),)))
    view = await until(redis, upload.track_id, decided(1))
    assert view.decision is not None
    assert view.decision.outcome is Outcome.QUARANTINE
    await publish(a_review(view.decision, "publish"))
    view = await until(redis, upload.track_id, decided(2))
    assert view.state == "publish"
    logged = await decisions_in_kafka(environment, {upload.track_id})
    assert tuple(logged) == view.decisions
    assert await redis.zscore(DEADLINES, upload.track_id) is None


async def test_a_missing_finding_holds_the_track_at_its_deadline_and_a_late_one_lets_it_go(
    workers: Workers, redis: Redis, publish: Publish
) -> None:
    upload = a_delivery(received_ago=timedelta(seconds=DEADLINE - 2))
    ai, voice = clean(upload)
    await publish(upload, ai)
    view = await until(redis, upload.track_id, decided(1))
    assert view.decision is not None
    assert "finding_missing" in {reason.code for reason in view.decision.reasons}
    assert view.decision.occurred_at - upload.received_at >= timedelta(seconds=DEADLINE)
    await publish(voice)
    assert (await until(redis, upload.track_id, decided(2))).state == "publish"


async def test_consent_and_labels_reopen_a_track_by_event(
    workers: Workers, redis: Redis, publish: Publish, cli: Cli
) -> None:
    grant = a_grant(str(uuid.uuid4()), valid_until=datetime.now(UTC) + timedelta(days=1))
    upload = a_delivery()
    await publish(an_artist(), grant, upload, a_finding(upload, "ai_detector", "likely_generated"))
    match = a_match("mara-lind", "match")
    await publish(a_finding(upload, "voice_matcher", "match", matches=(match,)))
    view = await until(redis, upload.track_id, lambda view: view.state == "label")
    assert "licensed-voice" in {label.code for label in view.decisions[-1].labels}
    now = datetime.now(UTC)
    await publish(grant.model_copy(update={"revoked_at": now, "occurred_at": now, "event_id": "revoked"}))
    view = await until(redis, upload.track_id, lambda view: view.state == "quarantine")
    assert view.decisions[-1].statement is not None
    clone = a_delivery()
    found = a_finding(clone, "ai_detector", "likely_generated")
    await publish(clone, found, clean(clone)[1])
    await until(redis, clone.track_id, lambda view: view.state == "label")
    await cli(
        "label", clone.track_id, "negate", "ai-detected", "--by", "rosa", "--reason", "Wrong.", "--days", "9"
    )
    view = await until(redis, clone.track_id, lambda view: view.state == "publish")
    due = await redis.zscore(DEADLINES, clone.track_id)
    assert due is not None
    assert abs(due - (now + timedelta(days=9)).timestamp()) < 120


async def test_a_version_is_tried_promoted_and_rolled_back_without_a_restart(
    workers: Workers, redis: Redis, publish: Publish, cli: Cli, tmp_path: Path
) -> None:
    """The strict version holds what the shipped one lets out, so each effect is seen in the next decision."""
    strict = tmp_path / "strict.yaml"
    text = DEFAULT_POLICY.read_text(encoding="utf-8").replace("review_from: 50", "review_from: 20")
    strict.write_text(f"# {uuid.uuid4()}\n{text}", encoding="utf-8")
    version = (await cli("draft", str(strict), "--by", "ana")).split()[0]

    async def effect(wanted: str, *command: str) -> float:
        """Seconds from the start of the command until a doubtful track is decided by the wanted version."""
        started = time.monotonic()
        if command:
            await cli(*command)
        while True:
            upload = a_delivery()
            doubtful = a_finding(upload, "ai_detector", "inconclusive")
            await publish(upload, doubtful, clean(upload)[1])
            view = await until(redis, upload.track_id, decided(1))
            taken = time.monotonic() - started
            if view.decisions[-1].policy_version == wanted:
                return taken
            assert taken < PATIENCE

    try:
        await cli("shadow", version, "--by", "ana")
        assert await effect(shipped_version()) < PATIENCE
        await cli("promote", version, "--by", "bo", status=1)
        await cli("rollout", version, "--percent", "100", "--by", "ana", status=1)
        rolled_out = await effect(version, "rollout", version, "--percent", "100", "--by", "bo")
        promoted = await effect(version, "promote", version, "--by", "bo")
        assert f"▶ {version}" in await cli("versions")
    finally:
        back = await effect(shipped_version(), "rollback", "--by", "cleo", "--note", "the test is over")
    assert max(rolled_out, promoted, back) < 5.0
    note("push_to_effect_seconds", round(max(rolled_out, promoted, back), 3))


async def test_the_record_is_replayed_backtested_explained_and_exported(
    workers: Workers, redis: Redis, publish: Publish, cli: Cli, tmp_path: Path
) -> None:
    upload = a_delivery()
    await publish(upload, *clean(upload))
    await until(redis, upload.track_id, decided(1))
    told = await cli("explain", upload.track_id, "--all")
    assert "Decision 1: PUBLISH, automatically" in told
    assert "· voice-without-consent: there are no matches" in told
    assert "1 identical, 0 different," in await cli("replay", upload.track_id)
    report, page = tmp_path / "b.json", tmp_path / "b.html"
    await cli("backtest", str(DEFAULT_POLICY), "--since", "1h", "--json", str(report), "--html", str(page))
    assert json.loads(report.read_text(encoding="utf-8"))["decisions"] > 0
    assert "<svg" in page.read_text(encoding="utf-8")
    strict = tmp_path / "strict.yaml"
    strict.write_text(
        DEFAULT_POLICY.read_text(encoding="utf-8").replace("review_from: 50", "review_from: 20"),
        encoding="utf-8",
    )
    assert "✗" in await cli("backtest", str(strict), "--max-changed", "0", status=3)
    out = tmp_path / "statements.jsonl"
    await cli("statements", "--out", str(out))
    exported = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert {one["decision_visibility"][0] for one in exported} >= {
        "DECISION_VISIBILITY_CONTENT_DISABLED",
        "DECISION_VISIBILITY_CONTENT_LABELLED",
    }


async def test_views_and_deadlines_are_rebuilt_from_kafka_exactly(
    environment: dict[str, str], workers: Workers, redis: Redis, publish: Publish, cli: Cli
) -> None:
    done, waiting = a_delivery(), a_delivery()
    await publish(done, *clean(done), waiting, clean(waiting)[0])
    await until(redis, done.track_id, decided(1))
    await until(redis, waiting.track_id, lambda view: bool(view.upload and view.findings))
    before = {t: await redis.hgetall(track_key(t)) for t in (done.track_id, waiting.track_id)}
    due = await redis.zscore(DEADLINES, waiting.track_id)
    await redis.flushdb()
    await rebuilt(redis)
    after = {t: await redis.hgetall(track_key(t)) for t in (done.track_id, waiting.track_id)}
    assert after == before
    assert await redis.zscore(DEADLINES, waiting.track_id) == due
    assert await redis.zscore(DEADLINES, done.track_id) is None
    await publish(clean(waiting)[1])
    assert (await until(redis, waiting.track_id, decided(1))).state == "publish"
    assert len(await decisions_in_kafka(environment, {done.track_id, waiting.track_id})) == 2
    assert "tracks.decisions: " in await cli("rebuild-views")


async def test_a_worker_killed_in_the_middle_and_a_lost_redis_leave_every_track_decided_once(
    environment: dict[str, str], workers: Workers, redis: Redis, publish: Publish
) -> None:
    """The worker that starts rebuilds the views first, so it decides again nothing that was decided."""
    uploads = [a_delivery() for _ in range(40)]
    tracks = {upload.track_id for upload in uploads}
    for upload in uploads:
        await publish(upload, *clean(upload))
    first = await until(redis, uploads[5].track_id, decided(1))
    workers.kill_one()
    await redis.flushdb()
    workers.start()
    await rebuilt(redis)
    for upload in uploads:
        view = await until(redis, upload.track_id, decided(1))
        assert view.state == "publish"
    again = await until(redis, uploads[5].track_id, decided(1))
    assert again.decisions == first.decisions
    logged = await decisions_in_kafka(environment, tracks)
    assert {decision.track_id for decision in logged} == tracks
    assert len({decision.event_id for decision in logged}) == len(uploads)
    assert all(decision.sequence == 1 for decision in logged)
    assert workers.stop() == [0]
