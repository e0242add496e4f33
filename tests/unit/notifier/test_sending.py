"""Turns, claims and records of the sender; what becomes of a decision."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import timedelta

import pytest

from services.notifier.domain import Answered, NoAnswer, Result, Schedule, signature
from services.notifier.handlers import DecisionHandler, DeliveryHandler
from services.notifier.rebuild import rebuild
from services.notifier.sender import Sender
from shared.clock import SetClock
from shared.events import DeliveryStep, TrackUploaded, WebhookDelivery, WebhookRegistered
from shared.stream.memory import MemoryBroker
from shared.stream.outcome import Done, Retry
from shared.topics import DELIVERIES
from shared.views.redis_deliveries import Health
from tests.support.events import A_TIME, an_upload, track_id
from tests.unit.notifier.making import (
    OLDER_SECRET,
    SEAL,
    SECRET,
    MemorySchedule,
    a_decision,
    a_webhook,
    queued,
)


class World:
    """A sender with a schedule in memory and endpoints that answer as ``answers`` says."""

    def __init__(self, webhooks: Mapping[str, WebhookRegistered] | None = None) -> None:
        self.clock = SetClock(A_TIME)
        self.due, self.broker = MemorySchedule(), MemoryBroker()
        self.answers: dict[str, Result | asyncio.Event] = {}
        self.sent: list[tuple[str, Mapping[str, str], bytes]] = []
        known = webhooks or {name: a_webhook(name) for name in ("northwind", "southgate")}
        self.sender = Sender(
            due=self.due,
            webhooks=known,
            seal=SEAL,
            post=self._post,
            publisher=self.broker,
            schedule=Schedule((5.0, 300.0), timedelta(days=5)),
            clock=self.clock,
            timeout_seconds=15,
            at_once=2,
            in_flight=8,
        )

    async def _post(self, url: str, headers: Mapping[str, str], body: bytes) -> Result:
        self.sent.append((url, headers, body))
        answer = self.answers.get(url, Answered(200, 0.1))
        if isinstance(answer, asyncio.Event):
            await answer.wait()
            return NoAnswer("no answer within 15 s", 15.0)
        return answer

    async def turn(self) -> None:
        await self.sender.start_turns()
        await self.sender.until_idle()

    def record(self) -> list[WebhookDelivery]:
        return [WebhookDelivery.from_bytes(message.value) for message in self.broker.records(DELIVERIES.name)]


async def until(come_true: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not come_true():  # noqa: ASYNC110 - what is waited for knows no events
            await asyncio.sleep(0)


async def test_what_is_due_is_signed_sent_once_and_put_on_the_record() -> None:
    world = World()
    await world.due.record(queued())
    await world.turn()
    await world.turn()
    ((url, headers, body),) = world.sent
    assert url == "https://hooks.northwind.example/in"
    assert headers["webhook-id"] == queued().delivery_id
    assert headers["webhook-signature"] == signature(
        SECRET, queued().delivery_id, int(headers["webhook-timestamp"]), body.decode()
    )
    assert [step.step for step in world.record()] == [DeliveryStep.DELIVERED]


async def test_a_failure_waits_for_its_time() -> None:
    world = World()
    world.answers["https://hooks.northwind.example/in"] = Answered(500, 0.1)
    await world.due.record(queued())
    await world.turn()
    await world.turn()
    assert len(world.sent) == 1
    world.clock.at += timedelta(seconds=7)
    world.answers.clear()
    await world.turn()
    assert [step.step for step in world.record()] == [DeliveryStep.FAILED, DeliveryStep.DELIVERED]
    assert world.sent[0][2] == world.sent[1][2]
    assert world.sent[0][1]["webhook-id"] == world.sent[1][1]["webhook-id"]


async def test_an_endpoint_that_hangs_holds_up_nobody_else() -> None:
    world = World()
    hanging = world.answers["https://hooks.northwind.example/in"] = asyncio.Event()
    for number in range(1, 6):
        await world.due.record(queued(number))
        await world.due.record(queued(number, "southgate"))
    await world.sender.start_turns()
    await until(lambda: world.due.steps("southgate") == [DeliveryStep.DELIVERED] * 5)
    assert world.due.steps("northwind") == [DeliveryStep.QUEUED] * 5
    assert sum(url.startswith("https://hooks.northwind") for url, _, _ in world.sent) == 2
    hanging.set()
    await world.sender.until_idle()


async def test_an_endpoint_that_fails_is_tried_one_at_a_time() -> None:
    world = World()
    world.due.healths["northwind"] = Health(failing_since=A_TIME, off=False)
    hanging = world.answers["https://hooks.northwind.example/in"] = asyncio.Event()
    for number in range(1, 6):
        await world.due.record(queued(number))
    await world.sender.start_turns()
    await until(lambda: bool(world.sent))
    assert len(world.sent) == 1
    hanging.set()
    await world.sender.until_idle()


@pytest.mark.parametrize(
    "webhooks", [{"northwind": a_webhook(active=False)}, {"another": a_webhook("another")}]
)
async def test_nothing_is_sent_to_an_endpoint_that_is_off_or_gone(
    webhooks: dict[str, WebhookRegistered],
) -> None:
    world = World(webhooks)
    await world.due.record(queued())
    await world.turn()
    assert world.sent == []
    assert [step.step for step in world.record()] == [DeliveryStep.HELD]


async def test_nor_to_one_that_was_switched_off_for_failing() -> None:
    world = World()
    world.due.healths["northwind"] = Health(failing_since=None, off=True)
    await world.due.record(queued())
    await world.turn()
    assert world.sent == []
    assert world.due.steps("northwind") == [DeliveryStep.HELD]


async def test_a_secret_sealed_under_another_key_holds_the_delivery_and_says_why() -> None:
    world = World({"northwind": a_webhook(sealed_secret="v1.00000000.AAAA")})  # noqa: S106 - opens nothing
    await world.due.record(queued())
    await world.turn()
    (step,) = world.record()
    assert step.step is DeliveryStep.HELD
    assert "TRACKGATE_WEBHOOK_KEY" in (step.reason or "")


async def test_the_secret_before_signs_as_well_until_its_time_is_over() -> None:
    webhook = a_webhook(
        previous_sealed=SEAL.close(OLDER_SECRET, "northwind"), previous_until=A_TIME + timedelta(hours=1)
    )
    world = World({"northwind": webhook})
    await world.due.record(queued(1))
    await world.turn()
    world.clock.at += timedelta(hours=1)
    await world.due.record(queued(2))
    await world.turn()
    assert [len(headers["webhook-signature"].split()) for _, headers, _ in world.sent] == [2, 1]


async def test_what_the_broker_did_not_acknowledge_is_sent_again_when_the_claim_is_over() -> None:
    world = World()
    await world.due.record(queued())
    world.broker.available = False
    await world.turn()
    assert world.due.steps("northwind") == [DeliveryStep.QUEUED]
    world.broker.available = True
    await world.turn()
    assert len(world.sent) == 1
    world.clock.at += timedelta(seconds=76)
    await world.turn()
    assert len({headers["webhook-id"] for _, headers, _ in world.sent}) == 1
    assert [step.step for step in world.record()] == [DeliveryStep.DELIVERED]


class Uploaded:
    def __init__(self, *uploads: TrackUploaded) -> None:
        self._uploads = {upload.track_id: upload for upload in uploads}

    async def of(self, track_id: str) -> TrackUploaded | None:
        return self._uploads.get(track_id)


async def test_a_decision_is_queued_for_its_distributors_endpoint() -> None:
    handle = DecisionHandler({"northwind": a_webhook()}, Uploaded(an_upload(1)))
    outcome = await handle(a_decision(1))
    assert isinstance(outcome, Done)
    (output,) = outcome.outputs
    assert (output.topic, output.event) == (DELIVERIES, queued(1))


@pytest.mark.parametrize(
    "webhook",
    [a_webhook("southgate"), a_webhook(active=False), a_webhook(since=A_TIME + timedelta(seconds=1))],
)
async def test_nothing_is_queued_where_nobody_wants_to_be_told(webhook: WebhookRegistered) -> None:
    handle = DecisionHandler({webhook.distributor_id: webhook}, Uploaded(an_upload(1)))
    assert await handle(a_decision(1)) == Done()


async def test_a_decision_that_comes_before_its_upload_waits_for_it() -> None:
    handle = DecisionHandler({"northwind": a_webhook()}, Uploaded())
    assert isinstance(await handle(a_decision(1)), Retry)


async def test_the_schedule_is_rebuilt_from_the_record() -> None:
    world = World()
    world.answers["https://hooks.northwind.example/in"] = Answered(500, 0.1)
    for number in (1, 2):
        await world.due.record(queued(number))
    await world.turn()
    values = [
        queued(1).to_bytes(),
        queued(2).to_bytes(),
        b"{}",
        *(step.to_bytes() for step in world.record()),
    ]
    anew = MemorySchedule()
    rebuilt = await rebuild(values, anew)
    assert (rebuilt.steps, rebuilt.skipped) == (4, 1)
    assert anew.deliveries == world.due.deliveries


async def test_a_replay_is_another_round_of_the_same_delivery() -> None:
    world = World()
    await world.due.record(queued())
    await world.turn()
    delivered = world.record()[0]
    asked = delivered.model_copy(
        update={
            "event_id": "asked",
            "step": DeliveryStep.REPLAYED,
            "sequence": delivered.sequence + 1,
            "attempt": 0,
            "due_at": world.clock.at,
        }
    )
    handle = DeliveryHandler(world.due)
    assert await handle(asked) == await handle(asked) == Done()
    await world.turn()
    assert [headers["webhook-id"] for _, headers, _ in world.sent] == [queued().delivery_id] * 2
    assert track_id(1) == queued().track_id
