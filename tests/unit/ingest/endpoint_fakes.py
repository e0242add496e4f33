"""What a distributor's endpoint touches, as fakes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from services.ingest.endpoints import Endpoints
from shared.clock import SetClock
from shared.errors import PublishError
from shared.events import DeliveryStep, WebhookDelivery, WebhookRegistered
from shared.stream.message import Record
from shared.views.deliveries import Delivery, fold_delivery
from shared.views.redis_deliveries import Health
from shared.webhooks.registering import Registering
from shared.webhooks.sealing import Seal
from tests.unit.ingest.fakes import NOON

SEAL = Seal(bytes(32))


@dataclass
class MemoryPublisher:
    away: bool = False
    records: list[Record] = field(default_factory=list)

    async def publish(self, record: Record) -> None:
        if self.away:
            raise PublishError("no broker")
        self.records.append(record)


@dataclass
class MemoryDeliveries:
    """``healths``: by distributor and generation."""

    kept: dict[str, Delivery] = field(default_factory=dict)
    healths: dict[tuple[str, int], Health] = field(default_factory=dict)

    async def page(self, distributor_id: str, *, offset: int, limit: int) -> Sequence[Delivery]:
        own = [one for one in self.kept.values() if one.last.distributor_id == distributor_id]
        return sorted(own, key=lambda one: one.queued_at, reverse=True)[offset : offset + limit]

    async def load(self, delivery_id: str) -> Delivery | None:
        return self.kept.get(delivery_id)

    async def health(self, distributor_id: str, generation: int) -> Health:
        return self.healths.get((distributor_id, generation), Health(None, off=False))

    async def record(self, event: WebhookDelivery) -> bool:
        before = self.kept.get(event.delivery_id)
        after = fold_delivery(before, event)
        self.kept[event.delivery_id] = after
        return after is not before


def own_endpoints(
    webhooks: Mapping[str, WebhookRegistered],
    log: MemoryDeliveries,
    publisher: MemoryPublisher,
    *,
    set_up: bool = True,
) -> Endpoints:
    secrets = iter(f"whsec_c2VjcmV0LW{number}" for number in range(100))
    registering = Registering(SEAL, ("127.0.0.1",), lambda: next(secrets)) if set_up else None
    return Endpoints(webhooks, log, publisher, registering, SetClock(NOON))


def a_step(
    delivery_id: str, step: DeliveryStep, sequence: int = 0, distributor_id: str = "acme"
) -> WebhookDelivery:
    return WebhookDelivery(
        event_id=f"{delivery_id}-{sequence}",
        occurred_at=NOON,
        delivery_id=delivery_id,
        distributor_id=distributor_id,
        track_id="00000000-0000-4000-8000-000000000001",
        decision_id="decision",
        step=step,
        sequence=sequence,
        attempt=sequence,
        generation=1,
        due_at=NOON,
        status=503 if sequence else None,
        body="{}" if step is DeliveryStep.QUEUED else None,
    )
