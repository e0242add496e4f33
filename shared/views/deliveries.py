"""One webhook delivery as it stands, folded from its steps on ``tracks.deliveries``."""

from dataclasses import dataclass
from datetime import datetime

from shared.events import DeliveryStep, WebhookDelivery

WAITING = frozenset({DeliveryStep.QUEUED, DeliveryStep.FAILED, DeliveryStep.REPLAYED})
"""Steps after which another request follows by itself."""


@dataclass(frozen=True)
class Delivery:
    """``last`` is the step that stands; ``body`` is what is sent, None where it is kept no longer."""

    last: WebhookDelivery
    queued_at: datetime
    body: str | None

    @property
    def waiting(self) -> bool:
        return self.last.step in WAITING


def fold_delivery(before: Delivery | None, event: WebhookDelivery) -> Delivery:
    """Idempotent: a step that is not newer than what stands changes nothing."""
    if before is None:
        return Delivery(event, event.occurred_at, event.body)
    if event.sequence <= before.last.sequence:
        return before
    return Delivery(event, before.queued_at, event.body if event.body is not None else before.body)
