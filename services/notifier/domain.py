"""What is told, how it is signed, and when it is tried again. No I/O, no clock of its own.

Headers and signature follow the Standard Webhooks specification, so its libraries verify them.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus

from shared.events import (
    DecisionMade,
    DeliveryStep,
    TrackUploaded,
    WebhookDelivery,
    WebhookRegistered,
)
from shared.ids import deterministic_id
from shared.views.deliveries import Delivery
from shared.webhooks.sealing import secret_bytes

EVENT = "track.decided"
BACK_OFF_SECONDS = (5.0, 300.0, 1800.0, 7200.0, 18_000.0, 36_000.0, 50_400.0, 72_000.0, 86_400.0)
"""Standard Webhooks' recommended schedule: ten attempts over about three days."""

JITTER = 0.2
LONGEST_RETRY_AFTER = timedelta(hours=24)


@dataclass(frozen=True)
class Answered:
    """The endpoint answered. ``retry_after`` is what it asked for, in seconds."""

    status: int
    seconds: float
    retry_after: float | None = None


@dataclass(frozen=True)
class NoAnswer:
    """No answer came; ``reason`` says why in our own words, never in the endpoint's."""

    reason: str
    seconds: float


Result = Answered | NoAnswer


@dataclass(frozen=True)
class Schedule:
    """``back_off[n]`` seconds after attempt n+1, give or take a fifth; past the last one it is given up."""

    back_off: Sequence[float]
    disable_after: timedelta

    def wait(self, delivery_id: str, attempt: int) -> timedelta | None:
        """After the failure of ``attempt`` (from 1), or None when that was the last.

        The jitter follows from the delivery, so that many that failed together do not come back together.
        """
        if attempt > len(self.back_off):
            return None
        digest = hashlib.sha256(f"{delivery_id}|{attempt}".encode()).digest()
        share = int.from_bytes(digest[:4]) / 0xFFFFFFFF
        return timedelta(seconds=self.back_off[attempt - 1] * (1 - JITTER + 2 * JITTER * share))


def delivery_id_of(distributor_id: str, decision_id: str) -> str:
    return deterministic_id("webhook", distributor_id, decision_id)


def queue(decision: DecisionMade, upload: TrackUploaded, webhook: WebhookRegistered) -> WebhookDelivery:
    """The first step of telling one decision to one distributor. A repeat gives the same step."""
    delivery_id = delivery_id_of(upload.distributor_id, decision.event_id)
    return WebhookDelivery(
        event_id=_event_id(delivery_id, 0, DeliveryStep.QUEUED),
        occurred_at=decision.occurred_at,
        delivery_id=delivery_id,
        distributor_id=upload.distributor_id,
        track_id=decision.track_id,
        decision_id=decision.event_id,
        step=DeliveryStep.QUEUED,
        sequence=0,
        generation=webhook.generation,
        due_at=decision.occurred_at,
        body=body_of(decision, upload),
    )


def body_of(decision: DecisionMade, upload: TrackUploaded) -> str:
    """What the distributor may read of the decision at ``status_url`` too; no evidence, no rules."""
    declared = upload.declaration
    content = {
        "type": EVENT,
        "timestamp": decision.occurred_at.isoformat(),
        "data": {
            "track_id": decision.track_id,
            "decision_id": decision.event_id,
            "sequence": decision.sequence,
            "state": decision.outcome.value,
            "reasons": [{"code": reason.code, "text": reason.text} for reason in decision.reasons],
            "labels": [
                {"code": label.code, "text": label.text, "basis": label.basis} for label in decision.labels
            ],
            "automated": decision.automated,
            "statement": decision.statement,
            "title": declared.title,
            "isrc": declared.isrc,
            "status_url": f"/v1/tracks/{decision.track_id}",
        },
    }
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def signature(secret: str, delivery_id: str, timestamp: int, body: str) -> str:
    """``v1,`` and the base64 of HMAC-SHA256 over ``id.timestamp.body`` under the secret's bytes."""
    content = f"{delivery_id}.{timestamp}.{body}".encode()
    digest = hmac.digest(secret_bytes(secret), content, "sha256")
    return f"v1,{base64.b64encode(digest).decode()}"


def headers(secrets: Sequence[str], delivery_id: str, now: datetime, body: str) -> Mapping[str, str]:
    """What goes with ``body``. With several secrets any one of the signatures verifies."""
    timestamp = int(now.timestamp())
    signed = " ".join(signature(secret, delivery_id, timestamp, body) for secret in secrets)
    return {
        "content-type": "application/json; charset=utf-8",
        "user-agent": "Trackgate-Webhooks/1",
        "webhook-id": delivery_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signed,
    }


def next_step(
    delivery: Delivery,
    result: Result,
    schedule: Schedule,
    *,
    generation: int,
    failing_since: datetime | None,
    now: datetime,
) -> WebhookDelivery:
    """What follows from a request. ``failing_since`` is the endpoint's, before this request."""
    attempt = delivery.last.attempt + 1
    status = result.status if isinstance(result, Answered) else None
    if status is not None and HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return _step(delivery, DeliveryStep.DELIVERED, now, generation, attempt, result)
    gone = status == HTTPStatus.GONE
    if gone or (failing_since is not None and now - failing_since >= schedule.disable_after):
        reason = (
            "the endpoint says that it is gone"
            if gone
            else "the endpoint failed for days and was switched off"
        )
        step = _step(delivery, DeliveryStep.HELD, now, generation, attempt, result)
        return step.model_copy(update={"endpoint_off": True, "reason": reason})
    wait = schedule.wait(delivery.last.delivery_id, attempt)
    if wait is None:
        return _step(delivery, DeliveryStep.GIVEN_UP, now, generation, attempt, result)
    if isinstance(result, Answered) and result.retry_after is not None:
        wait = max(wait, min(timedelta(seconds=result.retry_after), LONGEST_RETRY_AFTER))
    step = _step(delivery, DeliveryStep.FAILED, now, generation, attempt, result)
    return step.model_copy(update={"due_at": now + wait})


def hold(delivery: Delivery, reason: str, *, generation: int, now: datetime) -> WebhookDelivery:
    """Nothing is sent: the endpoint is off, gone, or the delivery cannot be signed. A replay tries again."""
    step = _step(delivery, DeliveryStep.HELD, now, generation, delivery.last.attempt, None)
    return step.model_copy(update={"reason": reason})


def _step(
    delivery: Delivery,
    step: DeliveryStep,
    now: datetime,
    generation: int,
    attempt: int,
    result: Result | None,
) -> WebhookDelivery:
    last = delivery.last
    sequence = last.sequence + 1
    return WebhookDelivery(
        event_id=_event_id(last.delivery_id, sequence, step),
        occurred_at=now,
        delivery_id=last.delivery_id,
        distributor_id=last.distributor_id,
        track_id=last.track_id,
        decision_id=last.decision_id,
        step=step,
        sequence=sequence,
        attempt=attempt,
        generation=generation,
        status=result.status if isinstance(result, Answered) else None,
        reason=result.reason if isinstance(result, NoAnswer) else None,
        seconds=0.0 if result is None else round(result.seconds, 3),
    )


def _event_id(delivery_id: str, sequence: int, step: DeliveryStep) -> str:
    return deterministic_id("webhook-delivery", delivery_id, str(sequence), step.value)
