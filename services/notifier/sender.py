"""Sends what is due. Each endpoint has its own turn, so that a slow or dead one holds up nobody else."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from services.notifier import metrics
from services.notifier.domain import Result, Schedule, headers, hold, next_step
from shared.clock import Clock
from shared.errors import SystemicError
from shared.events import WebhookDelivery, WebhookRegistered
from shared.stream.envelope import envelope
from shared.stream.publisher import Publisher
from shared.topics import DELIVERIES
from shared.views.deliveries import Delivery
from shared.views.redis_deliveries import Health
from shared.webhooks.sealing import Seal, Unsealable

log = structlog.get_logger()
LEASE_BEYOND = timedelta(seconds=60)
"""A claim outlives its request by so much: time for the record to be acknowledged."""

Post = Callable[[str, Mapping[str, str], bytes], Awaitable[Result]]


class Due(Protocol):
    """The schedule. Every method may raise SystemicError."""

    async def record(self, event: WebhookDelivery) -> bool: ...

    async def endpoints(self) -> frozenset[str]: ...

    async def claim(
        self, distributor_id: str, now: datetime, *, lease: timedelta, most: int
    ) -> tuple[Delivery, ...]: ...

    async def health(self, distributor_id: str, generation: int) -> Health: ...


class Sender:
    def __init__(
        self,
        *,
        due: Due,
        webhooks: Mapping[str, WebhookRegistered],
        seal: Seal,
        post: Post,
        publisher: Publisher,
        schedule: Schedule,
        clock: Clock,
        timeout_seconds: float,
        at_once: int,
        in_flight: int,
    ) -> None:
        """``webhooks`` is live. ``timeout_seconds`` is the longest that ``post`` takes."""
        self._due = due
        self._webhooks = webhooks
        self._seal = seal
        self._post = post
        self._publisher = publisher
        self._schedule = schedule
        self._clock = clock
        self._lease = timedelta(seconds=timeout_seconds) + LEASE_BEYOND
        self._at_once = at_once
        self._slots = asyncio.Semaphore(in_flight)
        self._turns: dict[str, asyncio.Task[None]] = {}

    async def keep_sending(self, every_seconds: float) -> None:
        """Until cancelled. What is in flight then is cut off, and sent again when its claim is over."""
        try:
            while True:
                try:
                    await self.start_turns()
                except SystemicError as error:
                    log.warning("webhooks wait", reason=str(error))
                await asyncio.sleep(every_seconds)
        finally:
            for turn in self._turns.values():
                turn.cancel()
            await asyncio.gather(*self._turns.values(), return_exceptions=True)

    async def start_turns(self) -> None:
        """A turn for each endpoint that has none and has something scheduled."""
        for distributor_id in await self._due.endpoints():
            running = self._turns.get(distributor_id)
            if running is None or running.done():
                self._turns[distributor_id] = asyncio.create_task(self._turn(distributor_id))
        self._turns = {name: turn for name, turn in self._turns.items() if not turn.done()}

    async def until_idle(self) -> None:
        """Return when every turn that was started is over."""
        await asyncio.gather(*self._turns.values())

    async def _turn(self, distributor_id: str) -> None:
        try:
            while await self._round(distributor_id):
                pass
        except SystemicError as error:
            log.warning("webhooks wait", distributor=distributor_id, reason=str(error))

    async def _round(self, distributor_id: str) -> bool:
        """Send what is due now, a few at a time; False when nothing was."""
        webhook = self._webhooks.get(distributor_id)
        generation = 0 if webhook is None else webhook.generation
        health = await self._due.health(distributor_id, generation)
        most = 1 if health.failing_since is not None else self._at_once
        claimed = await self._due.claim(distributor_id, self._clock.now(), lease=self._lease, most=most)
        sent = await asyncio.gather(
            *(self._deliver(delivery, webhook, health) for delivery in claimed), return_exceptions=True
        )
        for outcome in sent:
            if isinstance(outcome, BaseException):
                raise outcome
        return bool(claimed)

    async def _deliver(self, delivery: Delivery, webhook: WebhookRegistered | None, health: Health) -> None:
        if webhook is None or not webhook.active or health.off:
            generation = 0 if webhook is None else webhook.generation
            step = hold(
                delivery, "the endpoint is switched off", generation=generation, now=self._clock.now()
            )
        elif delivery.body is None:
            step = hold(
                delivery,
                "its content is kept no longer",
                generation=webhook.generation,
                now=self._clock.now(),
            )
        else:
            step = await self._send(delivery, delivery.body, webhook, health)
        await self._publisher.publish(envelope(DELIVERIES, step, source="notifier"))
        if await self._due.record(step):
            metrics.STEPS.labels(step.step.value).inc()

    async def _send(
        self, delivery: Delivery, body: str, webhook: WebhookRegistered, health: Health
    ) -> WebhookDelivery:
        try:
            secrets = self._secrets(webhook)
        except Unsealable as error:
            log.error("cannot sign", distributor=webhook.distributor_id, reason=str(error))  # noqa: TRY400 - the sentence says it
            return hold(delivery, str(error), generation=webhook.generation, now=self._clock.now())
        signed = headers(secrets, delivery.last.delivery_id, self._clock.now(), body)
        async with self._slots:
            with metrics.IN_FLIGHT.track_inprogress(), metrics.REQUESTS.time():
                result = await self._post(webhook.url, signed, body.encode())
        return next_step(
            delivery,
            result,
            self._schedule,
            generation=webhook.generation,
            failing_since=health.failing_since,
            now=self._clock.now(),
        )

    def _secrets(self, webhook: WebhookRegistered) -> list[str]:
        found = [self._seal.open(webhook.sealed_secret, webhook.distributor_id)]
        until = webhook.previous_until
        if webhook.previous_sealed is not None and until is not None and self._clock.now() < until:
            found.append(self._seal.open(webhook.previous_sealed, webhook.distributor_id))
        return found
