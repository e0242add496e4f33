"""Webhook deliveries as the command line sees them: folded from the record, and asked for again."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.errors import ContractError
from shared.events import DeliveryStep, WebhookDelivery
from shared.views.deliveries import Delivery, fold_delivery


@dataclass(frozen=True)
class Log:
    """Every delivery by id, oldest first, and the steps of each in order."""

    deliveries: dict[str, Delivery]
    steps: dict[str, list[WebhookDelivery]]


def read(values: Iterable[bytes | None]) -> Log:
    """Bad records are left out: the notifier's dead letters have them."""
    log = Log({}, {})
    for value in values:
        try:
            event = WebhookDelivery.from_bytes(value)
        except ContractError:
            continue
        before = log.deliveries.get(event.delivery_id)
        after = fold_delivery(before, event)
        if after is not before:
            log.deliveries[event.delivery_id] = after
            log.steps.setdefault(event.delivery_id, []).append(event)
    return log


def chosen(
    log: Log, *, distributor: str | None, steps: Sequence[DeliveryStep], since: datetime | None
) -> list[Delivery]:
    """Newest first."""
    found = [
        delivery
        for delivery in log.deliveries.values()
        if distributor in {None, delivery.last.distributor_id}
        and (not steps or delivery.last.step in steps)
        and (since is None or delivery.queued_at >= since)
    ]
    return sorted(found, key=lambda delivery: delivery.queued_at, reverse=True)


def matching(log: Log, start: str) -> list[Delivery]:
    """Deliveries whose id, or track's id, begins with ``start``."""
    return [
        delivery
        for delivery_id, delivery in log.deliveries.items()
        if delivery_id.startswith(start) or delivery.last.track_id.startswith(start)
    ]


def row(delivery: Delivery) -> dict[str, Any]:
    last = delivery.last
    return {
        "delivery_id": last.delivery_id,
        "distributor_id": last.distributor_id,
        "track_id": last.track_id,
        "step": last.step.value,
        "attempt": last.attempt,
        "status": last.status,
        "reason": last.reason,
        "queued_at": delivery.queued_at,
        "changed_at": last.occurred_at,
        "due_at": last.due_at if delivery.waiting else None,
    }
