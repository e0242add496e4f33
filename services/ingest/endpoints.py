"""A distributor's own endpoint for webhooks: where it is told, whether that works, and once more."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from shared.clock import Clock
from shared.events import WebhookDelivery, WebhookRegistered
from shared.stream.envelope import envelope
from shared.stream.publisher import Publisher
from shared.topics import DELIVERIES, WEBHOOKS
from shared.views.deliveries import Delivery
from shared.views.redis_deliveries import Health
from shared.webhooks.address import Forbidden
from shared.webhooks.registering import NewWebhook, Registering, switched_off
from shared.webhooks.replaying import replayed


class EndpointState(StrEnum):
    """``failing``: no request has succeeded lately; ``given_up``: so for days, and nothing is sent now."""

    ON = "on"
    FAILING = "failing"
    GIVEN_UP = "given_up"
    OFF = "off"


@dataclass(frozen=True)
class OwnEndpoint:
    webhook: WebhookRegistered
    state: EndpointState
    failing_since: datetime | None


@dataclass(frozen=True)
class NoEndpoint:
    """This distributor has none."""


@dataclass(frozen=True)
class NotSetUp:
    """There is no key here to seal signing secrets with: the platform registers endpoints itself."""


@dataclass(frozen=True)
class NoSuchDelivery:
    """None of this distributor's, or kept no longer."""


@dataclass(frozen=True)
class StillWaiting:
    """It is about to be sent by itself."""

    due_at: datetime | None


class DeliveryLog(Protocol):
    """Every method may raise LedgerUnavailable."""

    async def page(self, distributor_id: str, *, offset: int, limit: int) -> Sequence[Delivery]: ...

    async def load(self, delivery_id: str) -> Delivery | None: ...

    async def health(self, distributor_id: str, generation: int) -> Health: ...

    async def record(self, event: WebhookDelivery) -> bool: ...


class Endpoints:
    """``webhooks`` is live. What was announced here counts before the topic has brought it back."""

    def __init__(
        self,
        webhooks: Mapping[str, WebhookRegistered],
        log: DeliveryLog,
        publisher: Publisher,
        registering: Registering | None,
        clock: Clock,
    ) -> None:
        self._webhooks = webhooks
        self._log = log
        self._publisher = publisher
        self._registering = registering
        self._clock = clock
        self._announced: dict[str, WebhookRegistered] = {}
        self._writing = asyncio.Lock()

    @property
    def self_service(self) -> bool:
        return self._registering is not None

    async def of(self, distributor_id: str) -> OwnEndpoint | NoEndpoint:
        webhook = self._current(distributor_id)
        if webhook is None:
            return NoEndpoint()
        if not webhook.active:
            return OwnEndpoint(webhook, EndpointState.OFF, None)
        health = await self._log.health(distributor_id, webhook.generation)
        if health.off:
            return OwnEndpoint(webhook, EndpointState.GIVEN_UP, health.failing_since)
        failing = health.failing_since is not None
        return OwnEndpoint(
            webhook, EndpointState.FAILING if failing else EndpointState.ON, health.failing_since
        )

    async def register(
        self, distributor_id: str, url: str, *, new_secret: bool
    ) -> NewWebhook | Forbidden | NotSetUp:
        """Raises PublishError: nothing was registered."""
        if self._registering is None:
            return NotSetUp()
        async with self._writing:
            made = self._registering.register(
                self._current(distributor_id),
                distributor_id,
                url,
                new_secret=new_secret,
                now=self._clock.now(),
            )
            if isinstance(made, NewWebhook):
                await self._announce(made.webhook)
            return made

    async def switch_off(self, distributor_id: str) -> WebhookRegistered | NoEndpoint:
        """Raises PublishError: it is still on."""
        async with self._writing:
            current = self._current(distributor_id)
            if current is None:
                return NoEndpoint()
            off = switched_off(current, self._clock.now())
            if off is not current:
                await self._announce(off)
            return off

    async def deliveries(self, distributor_id: str, *, offset: int, limit: int) -> Sequence[Delivery]:
        return await self._log.page(distributor_id, offset=offset, limit=limit)

    async def replay(
        self, distributor_id: str, delivery_id: str
    ) -> WebhookDelivery | NoSuchDelivery | StillWaiting:
        """Once more from the first attempt. Asking twice before it was sent is asking once.

        Raises:
            PublishError: nothing was asked for.
        """
        delivery = await self._log.load(delivery_id)
        if delivery is None or delivery.last.distributor_id != distributor_id or delivery.body is None:
            return NoSuchDelivery()
        if delivery.waiting:
            return StillWaiting(delivery.last.due_at)
        step = replayed(delivery, self._clock.now())
        await self._publisher.publish(envelope(DELIVERIES, step, source="ingest"))
        await self._log.record(step)
        return step

    def _current(self, distributor_id: str) -> WebhookRegistered | None:
        known, announced = self._webhooks.get(distributor_id), self._announced.get(distributor_id)
        if known is None or announced is None:
            return known or announced
        return announced if announced.generation > known.generation else known

    async def _announce(self, webhook: WebhookRegistered) -> None:
        await self._publisher.publish(envelope(WEBHOOKS, webhook, source="ingest"))
        self._announced[webhook.distributor_id] = webhook
