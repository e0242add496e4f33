"""A distributor's own endpoint: registered, changed, switched off, and told once more."""

from datetime import timedelta

import pytest

from services.ingest.endpoints import (
    Endpoints,
    EndpointState,
    NoEndpoint,
    NoSuchDelivery,
    NotSetUp,
    OwnEndpoint,
    StillWaiting,
)
from shared.errors import PublishError
from shared.events import DeliveryStep, WebhookDelivery, WebhookRegistered
from shared.topics import DELIVERIES, WEBHOOKS
from shared.views.redis_deliveries import Health
from shared.webhooks.address import Forbidden
from shared.webhooks.registering import NewWebhook
from tests.unit.ingest.endpoint_fakes import SEAL, MemoryDeliveries, MemoryPublisher, a_step, own_endpoints
from tests.unit.ingest.fakes import NOON

URL = "https://hooks.acme.example/told"
FIRST, NONE = "00000001-0000-4000-8000-000000000000", "00000009-0000-4000-8000-000000000000"


class World:
    def __init__(self, *, set_up: bool = True) -> None:
        self.webhooks: dict[str, WebhookRegistered] = {}
        self.log, self.publisher = MemoryDeliveries(), MemoryPublisher()
        self.endpoints: Endpoints = own_endpoints(self.webhooks, self.log, self.publisher, set_up=set_up)

    @property
    def announced(self) -> list[WebhookRegistered]:
        found = [record for record in self.publisher.records if record.topic == WEBHOOKS.name]
        return [WebhookRegistered.from_bytes(record.value) for record in found]

    async def registered(self, url: str = URL, *, new_secret: bool = False) -> NewWebhook:
        made = await self.endpoints.register("acme", url, new_secret=new_secret)
        assert isinstance(made, NewWebhook)
        return made

    async def state(self) -> EndpointState:
        own = await self.endpoints.of("acme")
        assert isinstance(own, OwnEndpoint)
        return own.state


@pytest.fixture
def world() -> World:
    return World()


async def test_the_first_registration_tells_the_secret_and_announces_it_sealed(world: World) -> None:
    made = await world.registered()
    assert made.secret is not None
    (webhook,) = world.announced
    assert made.secret not in webhook.model_dump_json()
    assert SEAL.open(webhook.sealed_secret, "acme") == made.secret
    assert await world.state() is EndpointState.ON


async def test_a_changed_address_keeps_the_secret_and_a_new_one_overlaps_with_the_old(world: World) -> None:
    first = await world.registered()
    moved = await world.registered("https://new.acme.example/told")
    assert (moved.secret, moved.webhook.sealed_secret) == (None, first.webhook.sealed_secret)
    fresh = await world.registered(new_secret=True)
    assert fresh.secret not in {None, first.secret}
    assert fresh.webhook.previous_sealed == first.webhook.sealed_secret
    assert fresh.webhook.previous_until == NOON + timedelta(hours=24)
    assert [webhook.generation for webhook in world.announced] == [1, 2, 3]


@pytest.mark.parametrize(
    "url", ["http://acme.example/x", "https://10.0.0.8/x", "https://user:pw@acme.example/"]
)
async def test_an_address_that_must_not_be_called_is_refused(world: World, url: str) -> None:
    assert isinstance(await world.endpoints.register("acme", url, new_secret=False), Forbidden)
    assert world.announced == []


async def test_what_the_topic_brings_back_counts_and_what_it_has_not_yet_brought_too(world: World) -> None:
    made = await world.registered()
    later = made.webhook.model_copy(update={"generation": 5, "url": "https://by.the.platform.example/"})
    world.webhooks["acme"] = later
    own = await world.endpoints.of("acme")
    assert isinstance(own, OwnEndpoint)
    assert own.webhook == later
    assert (await world.registered()).webhook.generation == 6


async def test_switched_off_it_is_shown_as_off_and_saving_switches_it_on(world: World) -> None:
    assert await world.endpoints.switch_off("acme") == NoEndpoint()
    await world.registered()
    off = await world.endpoints.switch_off("acme")
    assert await world.endpoints.switch_off("acme") == off
    assert await world.state() is EndpointState.OFF
    assert len(world.announced) == 2
    await world.registered()
    assert await world.state() is EndpointState.ON


@pytest.mark.parametrize(
    ("health", "state"),
    [
        (Health(NOON, off=False), EndpointState.FAILING),
        (Health(NOON - timedelta(days=6), off=True), EndpointState.GIVEN_UP),
    ],
)
async def test_an_endpoint_that_fails_or_was_given_up_is_shown_as_such_until_it_is_saved_again(
    world: World, health: Health, state: EndpointState
) -> None:
    await world.registered()
    world.log.healths["acme", 1] = health
    assert await world.state() is state
    await world.registered()
    assert await world.state() is EndpointState.ON


async def test_nothing_is_registered_while_the_broker_is_away_or_without_a_key(world: World) -> None:
    world.publisher.away = True
    with pytest.raises(PublishError):
        await world.registered()
    assert await world.endpoints.of("acme") == NoEndpoint()
    bare = World(set_up=False)
    assert not bare.endpoints.self_service
    assert await bare.endpoints.register("acme", URL, new_secret=False) == NotSetUp()


async def test_what_was_given_up_is_told_once_more_by_asking(world: World) -> None:
    for number, step in enumerate((DeliveryStep.QUEUED, DeliveryStep.FAILED, DeliveryStep.GIVEN_UP)):
        await world.log.record(a_step(FIRST, step, number))
    step = await world.endpoints.replay("acme", FIRST)
    assert isinstance(step, WebhookDelivery)
    assert (step.step, step.sequence, step.body) == (DeliveryStep.REPLAYED, 3, "{}")
    assert [record.topic for record in world.publisher.records] == [DELIVERIES.name]
    assert await world.endpoints.replay("acme", FIRST) == StillWaiting(NOON)
    assert len(world.publisher.records) == 1


async def test_nobody_replays_anothers_delivery(world: World) -> None:
    await world.log.record(a_step(FIRST, DeliveryStep.QUEUED, distributor_id="other"))
    await world.log.record(a_step(FIRST, DeliveryStep.HELD, 1, distributor_id="other"))
    assert await world.endpoints.replay("acme", FIRST) == NoSuchDelivery()
    assert await world.endpoints.replay("acme", NONE) == NoSuchDelivery()
