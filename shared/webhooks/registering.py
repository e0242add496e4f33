"""Registering an endpoint: what follows from a distributor's word and what stood before. No I/O."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.events import WebhookRegistered
from shared.ids import deterministic_id
from shared.webhooks.address import Forbidden, judge_url
from shared.webhooks.sealing import Seal

OVERLAP = timedelta(hours=24)
"""For so long after a change of the secret the one before signs as well."""


@dataclass(frozen=True)
class NewWebhook:
    """``secret`` is there when it was made now."""

    webhook: WebhookRegistered
    secret: str | None


@dataclass(frozen=True)
class Registering:
    """``allowed_hosts`` may be reached over http and at private addresses, by the operator's word."""

    seal: Seal
    allowed_hosts: Collection[str]
    make_secret: Callable[[], str]

    def register(
        self,
        current: WebhookRegistered | None,
        distributor_id: str,
        url: str,
        *,
        new_secret: bool,
        now: datetime,
    ) -> NewWebhook | Forbidden:
        """A new generation each time, so a switched-off endpoint lives again. The first makes a secret."""
        judged = judge_url(url, self.allowed_hosts)
        if isinstance(judged, Forbidden):
            return judged
        secret = self.make_secret() if current is None or new_secret else None
        if secret is None and current is not None:
            sealed = current.sealed_secret
            previous, until = current.previous_sealed, current.previous_until
        else:
            sealed = self.seal.close(secret or "", distributor_id)
            previous = None if current is None else current.sealed_secret
            until = None if current is None else now + OVERLAP
        generation = 1 if current is None else current.generation + 1
        webhook = WebhookRegistered(
            event_id=_event_id(distributor_id, generation, url),
            occurred_at=now,
            distributor_id=distributor_id,
            url=url,
            sealed_secret=sealed,
            generation=generation,
            since=now if current is None else current.since,
            previous_sealed=previous,
            previous_until=until,
        )
        return NewWebhook(webhook, secret)


def switched_off(current: WebhookRegistered, now: datetime) -> WebhookRegistered:
    """The same endpoint, and nothing is sent there; what is off already stays as it is."""
    if not current.active:
        return current
    generation = current.generation + 1
    return current.model_copy(
        update={
            "event_id": _event_id(current.distributor_id, generation, ""),
            "occurred_at": now,
            "generation": generation,
            "active": False,
        }
    )


def _event_id(distributor_id: str, generation: int, url: str) -> str:
    return deterministic_id("registry", WebhookRegistered.event_type, distributor_id, str(generation), url)
