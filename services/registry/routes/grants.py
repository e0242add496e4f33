"""Consent over HTTP: given, told and revoked."""

from fastapi import APIRouter

from services.registry.artists import NO_ARTIST
from services.registry.forms import GrantForm
from services.registry.handlers import NO_GRANT
from services.registry.routes.answering import Caller, Open, found, granted, only_about
from services.registry.views import GrantView
from shared.events.base import Slug

grants = APIRouter(prefix="/v1/grants", tags=["grants"])


@grants.put("/{grant_id}")
async def put_grant(grant_id: Slug, form: GrantForm, registry: Open, caller: Caller) -> GrantView:
    only_about(form.artist_id, caller, NO_ARTIST)
    given = granted(await registry.grants.give(grant_id, form, by=caller))
    return GrantView.of(given, registry.clock.now())


@grants.post("/{grant_id}/revoke")
async def revoke_grant(grant_id: Slug, registry: Open, caller: Caller) -> GrantView:
    """At once: tracks that were published under it are decided again."""
    only_about(found(registry.grant_ledger.current.get(grant_id), NO_GRANT).artist_id, caller, NO_GRANT)
    revoked = granted(await registry.grants.revoke(grant_id))
    return GrantView.of(revoked, registry.clock.now())


@grants.get("")
async def list_grants(registry: Open, caller: Caller, artist_id: Slug | None = None) -> list[GrantView]:
    current, now = registry.grant_ledger.current, registry.clock.now()
    wanted = [current[grant_id] for grant_id in sorted(current)]
    return [
        GrantView.of(given, now)
        for given in wanted
        if artist_id in {None, given.artist_id} and caller.sees(given.artist_id)
    ]


@grants.get("/{grant_id}")
async def get_grant(grant_id: Slug, registry: Open, caller: Caller) -> GrantView:
    given = found(registry.grant_ledger.current.get(grant_id), NO_GRANT)
    only_about(given.artist_id, caller, NO_GRANT)
    return GrantView.of(given, registry.clock.now())
