"""Decisions in, deliveries queued; delivery steps in, schedule and log kept in step."""

from collections.abc import Mapping
from typing import Protocol

from services.notifier import metrics
from services.notifier.domain import queue
from shared.events import DecisionMade, TrackUploaded, WebhookDelivery, WebhookRegistered
from shared.stream.outcome import Done, Outcome, Output, Retry
from shared.topics import DELIVERIES


class Uploads(Protocol):
    async def of(self, track_id: str) -> TrackUploaded | None:
        """The upload behind a track, or None while none is known.

        Raises:
            SystemicError: whoever keeps them does not answer.
        """
        ...


class Deliveries(Protocol):
    async def record(self, event: WebhookDelivery) -> bool:
        """Fold one step in; False where it was a repeat. Raises SystemicError."""
        ...


class DecisionHandler:
    """Queues a delivery for each decision whose distributor has an endpoint. ``webhooks`` is live."""

    def __init__(self, webhooks: Mapping[str, WebhookRegistered], uploads: Uploads) -> None:
        self._webhooks = webhooks
        self._uploads = uploads

    async def __call__(self, decision: DecisionMade) -> Outcome:
        if not self._webhooks:
            return Done()
        upload = await self._uploads.of(decision.track_id)
        if upload is None:
            return Retry("the upload behind the decision is not known yet")
        webhook = self._webhooks.get(upload.distributor_id)
        if webhook is None or not webhook.active or decision.occurred_at < webhook.since:
            return Done()
        return Done((Output(DELIVERIES, queue(decision, upload, webhook)),))


class DeliveryHandler:
    """Steps that this or another process announced, or a person who asked for a replay."""

    def __init__(self, deliveries: Deliveries) -> None:
        self._deliveries = deliveries

    async def __call__(self, event: WebhookDelivery) -> Outcome:
        if await self._deliveries.record(event):
            metrics.STEPS.labels(event.step.value).inc()
        return Done()
