"""Where distributors want to be told of decisions: registering endpoints and their signing secrets."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.registry.domain import Refused
from services.registry.forms import Form
from services.registry.handlers import NO_DISTRIBUTOR
from services.registry.ports import Ledger
from shared.clock import Clock
from shared.events import DistributorRegistered, WebhookRegistered
from shared.ids import deterministic_id
from shared.webhooks.address import Forbidden, judge_url
from shared.webhooks.sealing import Seal

OVERLAP = timedelta(hours=24)
"""For so long after a change of the secret the one before signs as well."""

NO_WEBHOOK = Refused("webhook-not-found", "this distributor has no webhook")
NOT_SET_UP = Refused("webhooks-not-set-up", "the registry has no TRACKGATE_WEBHOOK_KEY to seal secrets with")


class WebhookForm(Form):
    """``new_secret`` replaces the secret; without it a changed URL keeps the one there is."""

    url: Annotated[str, StringConstraints(min_length=8, max_length=2000, strip_whitespace=True)]
    new_secret: bool = Field(default=False)


class WebhookView(BaseModel):
    """``secret`` is told once, when it is made: None in every other answer."""

    model_config = ConfigDict(frozen=True)

    distributor_id: str
    url: str
    active: bool
    generation: int
    since: datetime
    secret: str | None = None

    @classmethod
    def of(cls, webhook: WebhookRegistered, secret: str | None = None) -> "WebhookView":
        return cls(
            distributor_id=webhook.distributor_id,
            url=webhook.url,
            active=webhook.active,
            generation=webhook.generation,
            since=webhook.since,
            secret=secret,
        )


@dataclass(frozen=True)
class NewWebhook:
    """``secret`` is there when it was made now."""

    webhook: WebhookRegistered
    secret: str | None


class Webhooks:
    def __init__(
        self,
        webhooks: Ledger[WebhookRegistered],
        distributors: Ledger[DistributorRegistered],
        seal: Seal | None,
        clock: Clock,
        *,
        allowed_hosts: Collection[str],
        make_secret: Callable[[], str],
    ) -> None:
        self._webhooks = webhooks
        self._distributors = distributors
        self._seal = seal
        self._clock = clock
        self._allowed_hosts = allowed_hosts
        self._make_secret = make_secret
        self._writing = asyncio.Lock()

    @property
    def current(self) -> Mapping[str, WebhookRegistered]:
        return self._webhooks.current

    async def register(self, distributor_id: str, form: WebhookForm) -> NewWebhook | Refused:
        """Register or change the endpoint; a new generation each time, so a switched-off one lives again."""
        if distributor_id not in self._distributors.current:
            return NO_DISTRIBUTOR
        if self._seal is None:
            return NOT_SET_UP
        judged = judge_url(form.url, self._allowed_hosts)
        if isinstance(judged, Forbidden):
            return Refused("url-forbidden", judged.reason, "url")
        async with self._writing:
            now, current = self._clock.now(), self._webhooks.current.get(distributor_id)
            secret = self._make_secret() if current is None or form.new_secret else None
            if secret is None and current is not None:
                sealed = current.sealed_secret
                previous, until = current.previous_sealed, current.previous_until
            else:
                sealed = self._seal.close(secret or "", distributor_id)
                previous = None if current is None else current.sealed_secret
                until = None if current is None else now + OVERLAP
            generation = 1 if current is None else current.generation + 1
            webhook = WebhookRegistered(
                event_id=_event_id(distributor_id, generation, form.url),
                occurred_at=now,
                distributor_id=distributor_id,
                url=form.url,
                sealed_secret=sealed,
                generation=generation,
                since=now if current is None else current.since,
                previous_sealed=previous,
                previous_until=until,
            )
            await self._webhooks.record(webhook)
            return NewWebhook(webhook, secret)

    async def switch_off(self, distributor_id: str) -> WebhookRegistered | Refused:
        async with self._writing:
            current = self._webhooks.current.get(distributor_id)
            if current is None:
                return NO_WEBHOOK
            if not current.active:
                return current
            generation = current.generation + 1
            off = current.model_copy(
                update={
                    "event_id": _event_id(distributor_id, generation, ""),
                    "occurred_at": self._clock.now(),
                    "generation": generation,
                    "active": False,
                }
            )
            await self._webhooks.record(off)
            return off


def _event_id(distributor_id: str, generation: int, url: str) -> str:
    return deterministic_id("registry", WebhookRegistered.event_type, distributor_id, str(generation), url)
