"""The command line against a broker, a Redis and a worker that are real."""

import asyncio
import contextlib
import json
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from services.cli.main import app
from shared.events import ReviewResolved
from shared.events.decision import Outcome as Decided
from shared.settings import WorkerSettings
from shared.stream.admin import TopicState, create_topics
from shared.stream.confluent_publisher import ConfluentPublisher
from shared.stream.envelope import envelope
from shared.stream.handler import Subscription
from shared.stream.message import Record
from shared.stream.outcome import Done, Outcome, Reject
from shared.stream.publisher import Publisher
from shared.stream.runner import consuming
from shared.stream.wiring import Wiring
from shared.topics import REVIEWS, broker_topics
from tests.support.stack import Endpoints, a_stack

PARTITIONS = 2
DLQ = REVIEWS.dead_letters("policy")
RETRY = REVIEWS.retry("policy", "1m")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoints]:
    """A broker of this file's own: these tests say what is on all of it."""
    with a_stack(tmp_path_factory) as started:
        yield started


@dataclass(frozen=True)
class Ended:
    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        assert self.out, self.err
        return json.loads(self.out)


async def trackgate(own: Endpoints, *arguments: str, **environment: str) -> Ended:
    settings = {
        "TRACKGATE_KAFKA": own.bootstrap_servers,
        "TRACKGATE_REDIS": own.redis_url,
        "TRACKGATE_PARTITIONS": str(PARTITIONS),
        "COLUMNS": "200",
        **environment,
    }
    ended = await asyncio.to_thread(CliRunner().invoke, app, arguments, env=settings)
    if ended.exception is not None and not isinstance(ended.exception, SystemExit):
        raise ended.exception
    return Ended(ended.exit_code, ended.stdout, ended.stderr)


def review(note: str) -> ReviewResolved:
    return ReviewResolved(
        event_id=str(uuid.uuid4()),
        occurred_at=datetime.now(UTC),
        track_id=str(uuid.uuid4()),
        decision_id="d",
        outcome=Decided.PUBLISH,
        reviewer_id="ada",
        note=note,
    )


async def publish(own: Endpoints, *records: Record) -> None:
    async with ConfluentPublisher(own.bootstrap_servers) as publisher:
        for record in records:
            await publisher.publish(record)


@contextlib.asynccontextmanager
async def policy(own: Endpoints, broken: asyncio.Event, handled: "asyncio.Queue[str]") -> AsyncIterator[None]:
    """A worker in policy's place that rejects everything while it is broken."""

    async def handle(event: ReviewResolved) -> Outcome:
        if broken.is_set():
            return Reject("cannot read reviews today", kind="broken")
        handled.put_nowait(event.note)
        return Done()

    @contextlib.asynccontextmanager
    async def wire(_publisher: Publisher) -> AsyncIterator[Wiring]:
        yield Wiring((Subscription(REVIEWS, handle),))

    settings = WorkerSettings(kafka=own.bootstrap_servers, session_seconds=6.0, brake_minimum=50)
    async with consuming("policy", settings, wire):
        yield


async def until_listed(own: Endpoints, count: int, *choice: str) -> list[dict[str, Any]]:
    """The dead letters that match, once there are ``count``."""
    async with asyncio.timeout(60):
        while True:
            listed: list[dict[str, Any]] = (await trackgate(own, "dlq", "list", "--json", *choice)).json
            if len(listed) >= count:
                return listed


async def test_topics_are_created_once_and_what_is_missing_is_told(own: Endpoints) -> None:
    before = await trackgate(own, "topics", "--json")
    assert before.status == 1
    assert {topic["state"] for topic in before.json} == {"missing"}

    assert (await trackgate(own, "topics", "--create")).status == 0
    after = await trackgate(own, "topics", "--json")
    assert after.status == 0
    assert {topic["topic"]: topic["partitions"] for topic in after.json} == {
        spec.name: spec.partitions for spec in broker_topics(PARTITIONS)
    }
    assert {result.state for result in create_topics(own.bootstrap_servers, PARTITIONS)} == {
        TopicState.PRESENT
    }

    wrong = await trackgate(own, "topics", TRACKGATE_PARTITIONS="3")
    assert wrong.status == 1
    assert "set TRACKGATE_PARTITIONS to 2" in wrong.err


async def test_what_a_worker_gave_up_on_is_replayed_to_it_once_it_is_mended(own: Endpoints) -> None:
    create_topics(own.bootstrap_servers, PARTITIONS)
    broken, handled = asyncio.Event(), asyncio.Queue[str]()
    broken.set()
    notes = [f"note {number}" for number in range(3)]
    async with policy(own, broken, handled):
        events = [review(note) for note in notes]
        await publish(own, *(envelope(REVIEWS, event, source="moderation") for event in events))
        letters = await until_listed(own, 3, "--error-type", "broken")
        assert {letter["key"] for letter in letters} == {event.track_id for event in events}
        assert {letter["error_message"] for letter in letters} == {"cannot read reviews today"}

        shown = await trackgate(own, "dlq", "show", letters[0]["dead_letter"], "--raw")
        assert shown.out.encode() in {event.to_bytes() for event in events}

        broken.clear()
        dry = await trackgate(own, "dlq", "replay", "--error-type", "broken", "--dry-run", "--json")
        assert len(dry.json["replayed"]) == 3
        first = await trackgate(own, "dlq", "replay", "--error-type", "broken", "--limit", "2", "--json")
        assert {one["to"] for one in first.json["replayed"]} == {RETRY}
        rest = await trackgate(own, "dlq", "replay", "--error-type", "broken", "--json")
        assert (len(rest.json["replayed"]), rest.json["replayed_before"]) == (1, 2)
        none = await trackgate(own, "dlq", "replay", "--error-type", "broken", "--json")
        assert (len(none.json["replayed"]), none.json["replayed_before"]) == (0, 3)

        received = [await asyncio.wait_for(handled.get(), 30) for _ in notes]
        assert sorted(received) == notes
        absent = f"{DLQ}/0/999999"
        named = (letters[0]["dead_letter"], absent)
        again = await trackgate(own, "dlq", "replay", *named, "--again", "--json")
        assert (len(again.json["replayed"]), again.json["not_found"], again.status) == (1, [absent], 1)
        assert await asyncio.wait_for(handled.get(), 30) in notes
    assert handled.empty()
    assert all(letter["replayed"] for letter in await until_listed(own, 3, "--error-type", "broken"))


async def test_a_filtered_replay_leaves_the_rest_for_another_day(own: Endpoints) -> None:
    create_topics(own.bootstrap_servers, PARTITIONS)
    keys = [uuid.uuid4().hex for _ in range(4)]

    def buried(key: str, kind: str) -> Record:
        headers = {
            "x-origin-topic": REVIEWS.name.encode(),
            "x-service": b"policy",
            "x-error-type": kind.encode(),
        }
        return Record(DLQ, key.encode(), b"\xff", headers)

    kinds = [f"{kind}-{keys[0]}" for kind in ("odd", "even")]
    await publish(own, *(buried(key, kinds[index % 2]) for index, key in enumerate(keys)))

    odd = await trackgate(own, "dlq", "replay", "--error-type", kinds[0], "--json")
    assert len(odd.json["replayed"]) == 2
    listed = {
        letter["key"]: letter["replayed"] for letter in await until_listed(own, 4) if letter["key"] in keys
    }
    assert [listed[key] for key in keys] == [True, False, True, False]
    even = await trackgate(own, "dlq", "replay", "--error-type", kinds[1], "--rate", "100", "--json")
    assert len(even.json["replayed"]) == 2
    assert even.json["replayed_before"] == 0


async def test_a_dead_letter_of_nowhere_is_told_and_stays(own: Endpoints) -> None:
    create_topics(own.bootstrap_servers, PARTITIONS)
    kind = uuid.uuid4().hex
    headers = {"x-origin-topic": b"elsewhere", "x-service": b"policy", "x-error-type": kind.encode()}
    await publish(own, Record(DLQ, b"k", b"v", headers))

    ended = await trackgate(own, "dlq", "replay", "--error-type", kind)
    assert ended.status == 1
    assert "elsewhere" in ended.err
    (letter,) = await until_listed(own, 1, "--error-type", kind)
    assert letter["replayed"] is False


async def test_the_doctor_finds_what_is_well_and_what_is_not(own: Endpoints, tmp_path: Path) -> None:
    create_topics(own.bootstrap_servers, PARTITIONS)
    ended = await trackgate(
        own, "doctor", "--json", "--store", str(tmp_path), "--service", "ingest=http://127.0.0.1:9"
    )
    assert ended.status == 1, ended.err
    lines = {line["what"]: line for line in ended.json}
    assert lines["broker"]["level"] == "ok"
    assert "Apache Kafka 4.0 or later" in lines["broker"]["told"]
    assert lines["topics"]["level"] == "ok"
    assert lines["redis"]["level"] == "ok"
    assert "redis append-only file" in lines
    assert lines["object store"]["level"] in {"ok", "warn"}
    assert "model voice_matcher" in lines
    assert lines["service ingest"]["level"] == "fail"
    assert all(line["advice"] for line in ended.json if line["level"] != "ok")


async def test_a_broker_that_is_not_there_is_said_so_by_all(own: Endpoints) -> None:
    nowhere = {"TRACKGATE_KAFKA": "127.0.0.1:9"}
    for command in (("topics",), ("dlq", "list")):
        ended = await trackgate(own, *command, **nowhere)
        assert ended.status == 1
        assert "the broker did not answer" in ended.err
    doctor = await trackgate(own, "doctor", "--json", **nowhere)
    assert [line["level"] for line in doctor.json if line["what"] == "broker"] == ["fail"]
