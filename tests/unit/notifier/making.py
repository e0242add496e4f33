"""Endpoints, decisions and deliveries for these tests, and a schedule in memory."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.notifier.domain import queue
from shared.events import (
    DecisionMade,
    DeliveryStep,
    Outcome,
    Reason,
    WebhookDelivery,
    WebhookRegistered,
)
from shared.views.deliveries import WAITING, Delivery, fold_delivery
from shared.views.redis_deliveries import Health
from shared.webhooks.sealing import Seal
from tests.support.events import A_TIME, SOME_SHA256, an_upload, track_id

SEAL = Seal(bytes(range(32)))
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105 - the example of the Standard Webhooks documents
OLDER_SECRET = "whsec_" + "QUJD" * 8


def a_webhook(distributor_id: str = "northwind", **changes: object) -> WebhookRegistered:
    webhook = WebhookRegistered(
        event_id="webhook-1",
        occurred_at=A_TIME,
        distributor_id=distributor_id,
        url=f"https://hooks.{distributor_id}.example/in",
        sealed_secret=SEAL.close(SECRET, distributor_id),
        generation=1,
        since=A_TIME - timedelta(days=1),
    )
    return webhook.model_copy(update=changes)


def a_decision(number: int = 1, **changes: object) -> DecisionMade:
    decision = DecisionMade(
        event_id=f"decision-{number}",
        occurred_at=A_TIME,
        track_id=track_id(number),
        audio_sha256=SOME_SHA256,
        sequence=1,
        outcome=Outcome.QUARANTINE,
        reasons=(Reason(code="voice_match", text="Sounds like somebody.", evidence=("finding-1",)),),
        policy_version="test-1",
    )
    return decision.model_copy(update=changes)


def queued(number: int = 1, distributor_id: str = "northwind") -> WebhookDelivery:
    upload = an_upload(number, distributor_id=distributor_id)
    return queue(a_decision(number), upload, a_webhook(distributor_id))


def a_delivery(number: int = 1) -> Delivery:
    return fold_delivery(None, queued(number))


@dataclass
class MemorySchedule:
    """As the schedule in Redis. Never gives a delivery twice before its lease is over."""

    deliveries: dict[str, Delivery] = field(default_factory=dict)
    leases: dict[str, datetime] = field(default_factory=dict)
    healths: dict[str, Health] = field(default_factory=dict)

    async def record(self, event: WebhookDelivery) -> bool:
        before = self.deliveries.get(event.delivery_id)
        after = fold_delivery(before, event)
        self.deliveries[event.delivery_id] = after
        self.leases.pop(event.delivery_id, None)
        return after is not before

    async def endpoints(self) -> frozenset[str]:
        return frozenset(d.last.distributor_id for d in self.deliveries.values() if d.waiting)

    async def claim(
        self, distributor_id: str, now: datetime, *, lease: timedelta, most: int
    ) -> tuple[Delivery, ...]:
        due = [
            delivery
            for delivery in self.deliveries.values()
            if delivery.last.distributor_id == distributor_id
            and delivery.last.step in WAITING
            and (delivery.last.due_at or now) <= now
            and self.leases.get(delivery.last.delivery_id, now) <= now
        ][:most]
        for delivery in due:
            self.leases[delivery.last.delivery_id] = now + lease
        return tuple(due)

    async def health(self, distributor_id: str, generation: int) -> Health:  # noqa: ARG002 - the port's signature
        return self.healths.get(distributor_id, Health(failing_since=None, off=False))

    def steps(self, distributor_id: str) -> list[DeliveryStep]:
        return [
            delivery.last.step
            for delivery in self.deliveries.values()
            if delivery.last.distributor_id == distributor_id
        ]
