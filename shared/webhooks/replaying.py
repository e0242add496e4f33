"""Asking for a delivery once more."""

from datetime import datetime

from shared.events import DeliveryStep, WebhookDelivery
from shared.ids import deterministic_id
from shared.views.deliveries import Delivery


def replayed(delivery: Delivery, now: datetime) -> WebhookDelivery:
    """Another round from the first attempt, at once. The id stays, so that a receiver knows a repeat."""
    sequence = delivery.last.sequence + 1
    return WebhookDelivery(
        event_id=deterministic_id(
            "webhook-delivery", delivery.last.delivery_id, str(sequence), DeliveryStep.REPLAYED.value
        ),
        occurred_at=now,
        delivery_id=delivery.last.delivery_id,
        distributor_id=delivery.last.distributor_id,
        track_id=delivery.last.track_id,
        decision_id=delivery.last.decision_id,
        step=DeliveryStep.REPLAYED,
        sequence=sequence,
        generation=delivery.last.generation,
        due_at=now,
        body=delivery.body,
    )
