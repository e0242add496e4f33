"""Distributors over HTTP: registered, given keys and webhooks. For registrars alone."""

from fastapi import APIRouter, Depends

from services.registry.forms import DistributorForm
from services.registry.handlers import NO_DISTRIBUTOR, NewKey
from services.registry.routes.answering import Open, administering, found, granted
from services.registry.views import DistributorView, NewKeyView
from services.registry.webhooks import NO_WEBHOOK, WebhookForm, WebhookView
from shared.events.base import Slug

distributors = APIRouter(
    prefix="/v1/distributors", tags=["distributors"], dependencies=[Depends(administering)]
)


@distributors.post("", status_code=201)
async def register_distributor(form: DistributorForm, registry: Open) -> NewKeyView:
    """Register a party that may deliver. The API key is told this once."""
    return _with_key(granted(await registry.distributors.register(form)))


@distributors.post("/{distributor_id}/key")
async def replace_key(distributor_id: Slug, registry: Open) -> NewKeyView:
    """A new API key, told this once; the old one stops working."""
    return _with_key(granted(await registry.distributors.replace_key(distributor_id)))


@distributors.post("/{distributor_id}/deactivate")
async def deactivate_distributor(distributor_id: Slug, registry: Open) -> DistributorView:
    return DistributorView.of(granted(await registry.distributors.set_active(distributor_id, active=False)))


@distributors.post("/{distributor_id}/activate")
async def activate_distributor(distributor_id: Slug, registry: Open) -> DistributorView:
    return DistributorView.of(granted(await registry.distributors.set_active(distributor_id, active=True)))


@distributors.get("")
async def list_distributors(registry: Open) -> list[DistributorView]:
    current = registry.distributor_ledger.current
    return [DistributorView.of(current[distributor_id]) for distributor_id in sorted(current)]


@distributors.get("/{distributor_id}")
async def get_distributor(distributor_id: Slug, registry: Open) -> DistributorView:
    return DistributorView.of(found(registry.distributor_ledger.current.get(distributor_id), NO_DISTRIBUTOR))


@distributors.put("/{distributor_id}/webhook")
async def put_webhook(distributor_id: Slug, form: WebhookForm, registry: Open) -> WebhookView:
    """Where the distributor is told of decisions. A signing secret that was made now is told this once."""
    new = granted(await registry.webhooks.register(distributor_id, form))
    return WebhookView.of(new.webhook, new.secret)


@distributors.get("/{distributor_id}/webhook")
async def get_webhook(distributor_id: Slug, registry: Open) -> WebhookView:
    return WebhookView.of(found(registry.webhooks.current.get(distributor_id), NO_WEBHOOK))


@distributors.delete("/{distributor_id}/webhook")
async def delete_webhook(distributor_id: Slug, registry: Open) -> WebhookView:
    """Send nothing there any more. The secret stays for the day that it is registered again."""
    return WebhookView.of(granted(await registry.webhooks.switch_off(distributor_id)))


def _with_key(new: NewKey) -> NewKeyView:
    return NewKeyView(**DistributorView.of(new.distributor).model_dump(), api_key=new.api_key)
