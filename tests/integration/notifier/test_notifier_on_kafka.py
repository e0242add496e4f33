"""From a decision on Kafka to a receiver in a process of its own, with real faults in between."""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
import os
import uuid
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from shared.events import (
    DecisionMade,
    DeliveryStep,
    Event,
    Outcome,
    Reason,
    TrackUploaded,
    WebhookDelivery,
    WebhookRegistered,
)
from shared.stream.admin import create_topics
from shared.stream.confluent_publisher import ConfluentPublisher
from shared.stream.envelope import envelope
from shared.stream.replay import replay
from shared.topics import DECISIONS, DELIVERIES, WEBHOOKS
from shared.views.redis_deliveries import RedisDeliveries
from shared.views.redis_tracks import RedisTrackViews
from shared.webhooks.sealing import Seal, new_secret, secret_bytes
from tests.support.events import an_upload
from tests.support.processes import python
from tests.support.stack import Endpoints

pytestmark = pytest.mark.timeout(240)
PATIENCE = 60.0
KEY = bytes(range(32))
RECEIVER = Path(__file__).with_name("receiver.py")


def receiver_says(folder: Path, status: int) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "new").write_text(str(status))
    (folder / "new").replace(folder / "status")


@dataclass(frozen=True)
class Receiver:
    folder: Path
    url: str

    def answer(self, status: int) -> None:
        receiver_says(self.folder, status)

    @property
    def requests(self) -> list[dict[str, Any]]:
        kept = self.folder / "requests.jsonl"
        return [json.loads(line) for line in kept.read_text().splitlines()] if kept.exists() else []


def process(
    *arguments: str, environment: dict[str, str] | None = None
) -> AbstractAsyncContextManager[asyncio.subprocess.Process]:
    return python(*arguments, environment=os.environ | (environment or {}), output=PIPE)


@contextlib.asynccontextmanager
async def a_receiver(folder: Path) -> AsyncIterator[Receiver]:
    receiver_says(folder, 200)
    async with process(str(RECEIVER), str(folder)) as started:
        assert started.stdout is not None
        port = int(await asyncio.wait_for(started.stdout.readline(), PATIENCE))
        yield Receiver(folder, f"http://127.0.0.1:{port}/in")


@pytest.fixture
def environment(endpoints: Endpoints) -> dict[str, str]:
    create_topics(endpoints.bootstrap_servers, 3)
    return {
        "TRACKGATE_KAFKA": endpoints.bootstrap_servers,
        "TRACKGATE_REDIS": endpoints.redis_url,
        "TRACKGATE_HEALTH_PORT": "0",
        "TRACKGATE_SESSION_SECONDS": "6",
        "TRACKGATE_RETRY_SECONDS": "[1, 2]",
        "TRACKGATE_WEBHOOK_KEY": base64.b64encode(KEY).decode(),
        "TRACKGATE_WEBHOOK_ALLOWED_HOSTS": '["127.0.0.1"]',
        "TRACKGATE_NOTIFIER_BACK_OFF_SECONDS": "[1, 2]",
        "TRACKGATE_NOTIFIER_TIMEOUT_SECONDS": "3",
    }


class World:
    """A distributor with an endpoint, on a real broker and a real Redis."""

    def __init__(self, environment: dict[str, str], publisher: ConfluentPublisher, redis: Redis) -> None:
        self.environment = environment
        self.publisher = publisher
        self.redis = redis
        self.distributor_id = f"d-{uuid.uuid4()}"
        self.secret = new_secret()

    async def register(self, url: str, generation: int = 1) -> None:
        webhook = WebhookRegistered(
            event_id=str(uuid.uuid4()),
            occurred_at=datetime.now(UTC),
            distributor_id=self.distributor_id,
            url=url,
            sealed_secret=Seal(KEY).close(self.secret, self.distributor_id),
            generation=generation,
            since=datetime.now(UTC) - timedelta(hours=1),
        )
        await self.publisher.publish(envelope(WEBHOOKS, webhook, source="test"))

    async def upload(self) -> TrackUploaded:
        track_id = str(uuid.uuid4())
        upload = an_upload(track_id=track_id, event_id=track_id, distributor_id=self.distributor_id)
        await RedisTrackViews(self.redis).record(upload)
        return upload

    async def decide(self, times: int = 1) -> DecisionMade:
        upload = await self.upload()
        decision = DecisionMade(
            event_id=str(uuid.uuid4()),
            occurred_at=datetime.now(UTC),
            track_id=upload.track_id,
            audio_sha256=upload.audio.sha256,
            sequence=1,
            outcome=Outcome.QUARANTINE,
            reasons=(Reason(code="test_delivery", text="This is a test."),),
            policy_version="test-1",
        )
        for _ in range(times):
            await self.publish(decision)
        return decision

    async def publish(self, event: Event) -> None:
        await self.publisher.publish(envelope(DECISIONS, event, source="test"))

    def steps(self, decision: DecisionMade) -> list[WebhookDelivery]:
        """Of one decision, as they lie on the topic, without repeats."""
        read = [
            WebhookDelivery.from_bytes(value)
            for value in replay(DELIVERIES, self.environment["TRACKGATE_KAFKA"])
        ]
        return list({step.event_id: step for step in read if step.decision_id == decision.event_id}.values())

    async def until_stands(self, decision: DecisionMade, *wanted: DeliveryStep) -> list[WebhookDelivery]:
        await until(lambda: [step.step for step in self.steps(decision)], lambda steps: steps == list(wanted))
        return self.steps(decision)

    def verifies(self, request: dict[str, Any]) -> bool:
        sent = {name.lower(): value for name, value in request["headers"].items()}
        content = f"{sent['webhook-id']}.{sent['webhook-timestamp']}.{request['body']}".encode()
        expected = base64.b64encode(hmac.digest(secret_bytes(self.secret), content, hashlib.sha256)).decode()
        fresh = abs(datetime.now(UTC).timestamp() - int(sent["webhook-timestamp"])) < 300
        return fresh and sent["webhook-signature"] == f"v1,{expected}"

    def notifier(self) -> AbstractAsyncContextManager[asyncio.subprocess.Process]:
        return process("-m", "services.notifier", environment=self.environment)

    async def trackgate(self, *arguments: str) -> str:
        async with process("-m", "services.cli", *arguments, environment=self.environment) as started:
            told, _ = await asyncio.wait_for(started.communicate(), PATIENCE)
            assert started.returncode == 0, told
            return told.decode()


async def until(look: Callable[[], Any], wanted: Callable[[Any], bool]) -> Any:
    last = None
    try:
        async with asyncio.timeout(PATIENCE):
            while not wanted(last := await asyncio.to_thread(look)):  # noqa: ASYNC110 - the record has no events
                await asyncio.sleep(0.2)
    except TimeoutError:
        raise AssertionError(f"it stayed at {last}") from None
    return last


@pytest.fixture
async def world(environment: dict[str, str]) -> AsyncIterator[World]:
    async with (
        ConfluentPublisher(environment["TRACKGATE_KAFKA"]) as publisher,
        Redis.from_url(environment["TRACKGATE_REDIS"]) as redis,
    ):
        yield World(environment, publisher, redis)


async def test_told_once_signed_after_a_failure_and_again_when_asked(world: World, tmp_path: Path) -> None:
    async with a_receiver(tmp_path / "receiver") as receiver, world.notifier():
        receiver.answer(500)
        await world.register(receiver.url)
        decision = await world.decide(times=3)
        await until(lambda: receiver.requests, lambda requests: len(requests) == 1)
        receiver.answer(204)
        steps = await world.until_stands(
            decision, DeliveryStep.QUEUED, DeliveryStep.FAILED, DeliveryStep.DELIVERED
        )
        assert [step.status for step in steps] == [None, 500, 204]
        first, second = receiver.requests
        assert first["body"] == second["body"]
        assert first["headers"]["webhook-id"] == second["headers"]["webhook-id"] == steps[0].delivery_id
        assert world.verifies(first)
        assert world.verifies(second)
        assert json.loads(first["body"])["data"]["track_id"] == decision.track_id

        delivery_id = steps[0].delivery_id
        listed = json.loads(
            await world.trackgate("webhooks", "list", "--distributor", world.distributor_id, "--json")
        )
        assert [(one["delivery_id"], one["step"], one["attempt"]) for one in listed] == [
            (delivery_id, "delivered", 2)
        ]
        await world.trackgate("webhooks", "replay", delivery_id)
        await until(lambda: receiver.requests, lambda requests: len(requests) == 3)
        assert receiver.requests[2]["headers"]["webhook-id"] == delivery_id
        assert world.verifies(receiver.requests[2])
        (shown,) = json.loads(await world.trackgate("webhooks", "show", delivery_id, "--json"))
        assert shown["body"] == first["body"]
        page = await RedisDeliveries(world.redis).page(world.distributor_id, offset=0, limit=10)
        assert [delivery.last.delivery_id for delivery in page] == [delivery_id]


async def test_a_redirect_inside_is_not_followed_and_a_dead_endpoint_holds_up_no_other(
    world: World, tmp_path: Path
) -> None:
    dead = World(world.environment, world.publisher, world.redis)
    async with a_receiver(tmp_path / "receiver") as receiver, world.notifier():
        await dead.register("https://localhost.localdomain.invalid/in")
        await world.register(receiver.url)
        lost = [await dead.decide() for _ in range(5)]
        decision = await world.decide()
        await world.until_stands(decision, DeliveryStep.QUEUED, DeliveryStep.DELIVERED)
        await dead.until_stands(
            lost[0], DeliveryStep.QUEUED, DeliveryStep.FAILED, DeliveryStep.FAILED, DeliveryStep.GIVEN_UP
        )
        assert len(receiver.requests) == 1


async def test_an_emptied_redis_is_rebuilt_and_what_waited_is_sent(world: World, tmp_path: Path) -> None:
    async with a_receiver(tmp_path / "receiver") as receiver:
        receiver.answer(503)
        await world.register(receiver.url)
        async with world.notifier():
            decision = await world.decide()
            await until(lambda: world.steps(decision), lambda steps: len(steps) >= 2)
        before = len(receiver.requests)
        keys = [key async for key in world.redis.scan_iter("trackgate:delivery*")]
        keys += [key async for key in world.redis.scan_iter("trackgate:webhook*")]
        await world.redis.delete(*keys)
        async with process(
            "-m", "services.notifier", "rebuild-views", environment=world.environment
        ) as rebuilt:
            told, _ = await asyncio.wait_for(rebuilt.communicate(), PATIENCE)
        assert rebuilt.returncode == 0
        assert b"steps of deliveries" in told
        receiver.answer(200)
        async with world.notifier():
            await until(lambda: world.steps(decision)[-1].step, lambda step: step is DeliveryStep.DELIVERED)
        assert len(receiver.requests) == before + 1
        assert len({request["headers"]["webhook-id"] for request in receiver.requests}) == 1
