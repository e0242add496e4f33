"""The schedule and the log in Redis, anew from Kafka."""

from collections.abc import Iterable
from dataclasses import dataclass

from services.notifier.handlers import Deliveries
from shared.errors import ContractError
from shared.events import WebhookDelivery


@dataclass(frozen=True)
class Rebuilt:
    steps: int
    skipped: int


async def rebuild(values: Iterable[bytes | None], deliveries: Deliveries) -> Rebuilt:
    """Safe beside a running notifier: a step that is not news changes nothing."""
    steps = skipped = 0
    for value in values:
        try:
            event = WebhookDelivery.from_bytes(value)
        except ContractError:
            skipped += 1
            continue
        await deliveries.record(event)
        steps += 1
    return Rebuilt(steps, skipped)
