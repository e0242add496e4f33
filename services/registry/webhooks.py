"""Where distributors want to be told of decisions: registering endpoints and their signing secrets."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.registry.domain import Refused
from services.registry.forms import Form
from services.registry.handlers import NO_DISTRIBUTOR
from services.registry.ports import Ledger
from shared.clock import Clock
from shared.events import DistributorRegistered, WebhookRegistered
from shared.webhooks.address import Forbidden
from shared.webhooks.registering import NewWebhook, Registering, switched_off
from shared.webhooks.sealing import Seal

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
        self._clock = clock
        self._registering = Registering(seal, allowed_hosts, make_secret) if seal is not None else None
        self._writing = asyncio.Lock()

    @property
    def current(self) -> Mapping[str, WebhookRegistered]:
        return self._webhooks.current

    async def register(self, distributor_id: str, form: WebhookForm) -> NewWebhook | Refused:
        """Register or change the endpoint. Distributors do the same in their portal: the last word stands."""
        if distributor_id not in self._distributors.current:
            return NO_DISTRIBUTOR
        if self._registering is None:
            return NOT_SET_UP
        async with self._writing:
            made = self._registering.register(
                self._webhooks.current.get(distributor_id),
                distributor_id,
                form.url,
                new_secret=form.new_secret,
                now=self._clock.now(),
            )
            if isinstance(made, Forbidden):
                return Refused("url-forbidden", made.reason, "url")
            await self._webhooks.record(made.webhook)
            return made

    async def switch_off(self, distributor_id: str) -> WebhookRegistered | Refused:
        async with self._writing:
            current = self._webhooks.current.get(distributor_id)
            if current is None:
                return NO_WEBHOOK
            off = switched_off(current, self._clock.now())
            if off is not current:
                await self._webhooks.record(off)
            return off
