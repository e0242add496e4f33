"""Artists over HTTP: proposing, approving, withdrawing, and the keys that they give."""

from typing import Any, cast

from fastapi import APIRouter, Request

from services.registry.artist_keys import NO_KEY
from services.registry.artists import NO_ARTIST, NO_PROPOSAL
from services.registry.enrolment import enrolment
from services.registry.forms import ApprovalForm, ArtistForm, ArtistKeyForm, NewArtistForm, RejectionForm
from services.registry.routes.answering import Caller, Open, Registry, found, granted, only_about
from services.registry.views import ArtistKeyView, ArtistView, NewArtistKeyView, ProposalView
from shared.events.base import Slug

artists = APIRouter(prefix="/v1/artists", tags=["artists"])
proposals = APIRouter(prefix="/v1/proposals", tags=["proposals"])

_ENROLMENT = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["artist"],
                    "properties": {
                        "artist": {"type": "string", "contentMediaType": "application/json"},
                        "references": {"type": "array", "items": {"type": "string", "format": "binary"}},
                    },
                }
            }
        },
    }
}


@artists.post("", status_code=202, openapi_extra=cast("dict[str, Any]", _ENROLMENT))
async def propose_artist(request: Request, registry: Open, caller: Caller) -> ProposalView:
    """Propose somebody who is not known yet. A second person approves."""
    limit = request.app.state.request_limit
    async with enrolment(request, NewArtistForm, limit_bytes=limit) as sent:
        only_about(sent.form.artist_id, caller)
        artist_id = sent.form.artist_id
        granted(await registry.artists.propose(artist_id, sent.form, sent.files, by=caller, only_new=True))
    return _proposal(registry, artist_id, caller)


@artists.put("/{artist_id}", status_code=202, openapi_extra=cast("dict[str, Any]", _ENROLMENT))
async def propose_change(artist_id: Slug, request: Request, registry: Open, caller: Caller) -> ProposalView:
    """Propose to protect, or to change. What is said is replaced, recordings come beside those protected."""
    only_about(artist_id, caller)
    async with enrolment(request, ArtistForm, limit_bytes=request.app.state.request_limit) as sent:
        granted(await registry.artists.propose(artist_id, sent.form, sent.files, by=caller))
    return _proposal(registry, artist_id, caller)


@artists.post("/{artist_id}/withdraw")
async def withdraw_artist(artist_id: Slug, registry: Open, caller: Caller) -> ArtistView:
    """Stop looking for the voice at once; its key, template and recordings are destroyed."""
    only_about(artist_id, caller)
    return ArtistView.of(granted(await registry.artists.withdraw(artist_id, by=caller)))


@artists.get("")
async def list_artists(registry: Open, caller: Caller) -> list[ArtistView]:
    current = registry.artist_ledger.current
    seen = [artist_id for artist_id in sorted(current) if caller.sees(artist_id)]
    return [ArtistView.of(current[one], registry.template_made_at(one)) for one in seen]


@artists.get("/{artist_id}")
async def get_artist(artist_id: Slug, registry: Open, caller: Caller) -> ArtistView:
    only_about(artist_id, caller)
    artist = found(registry.artist_ledger.current.get(artist_id), NO_ARTIST)
    return ArtistView.of(artist, registry.template_made_at(artist_id))


@artists.post("/{artist_id}/keys", status_code=201)
async def give_artist_key(
    artist_id: Slug, form: ArtistKeyForm, registry: Open, caller: Caller
) -> NewArtistKeyView:
    """A key that lets a distributor deliver for the artist. It is told this once."""
    only_about(artist_id, caller)
    new = granted(await registry.artist_keys.give(artist_id, form))
    view = ArtistKeyView.of(new.given, registry.clock.now())
    return NewArtistKeyView(**view.model_dump(), artist_key=new.key)


@artists.get("/{artist_id}/keys")
async def list_artist_keys(artist_id: Slug, registry: Open, caller: Caller) -> list[ArtistKeyView]:
    only_about(artist_id, caller)
    now, current = registry.clock.now(), registry.artist_keys.current
    given = [current[key_id] for key_id in sorted(current) if current[key_id].artist_id == artist_id]
    return [ArtistKeyView.of(one, now) for one in given]


@artists.post("/{artist_id}/keys/{key_id}/revoke")
async def revoke_artist_key(artist_id: Slug, key_id: Slug, registry: Open, caller: Caller) -> ArtistKeyView:
    """At once: what was delivered with the key is no longer the artist's own."""
    only_about(artist_id, caller)
    given = found(registry.artist_keys.current.get(key_id), NO_KEY)
    if given.artist_id != artist_id:
        granted(NO_KEY)
    return ArtistKeyView.of(granted(await registry.artist_keys.revoke(key_id)), registry.clock.now())


@proposals.get("")
async def list_proposals(registry: Open, caller: Caller) -> list[ProposalView]:
    """The last proposal for every artist, those that wait first."""
    seen = [one for one in registry.proposal_ledger.current.values() if caller.sees(one.artist_id)]
    seen.sort(key=lambda one: (one.state.value != "pending", one.artist_id))
    return [_proposal(registry, one.artist_id, caller) for one in seen]


@proposals.get("/{artist_id}")
async def get_proposal(artist_id: Slug, registry: Open, caller: Caller) -> ProposalView:
    return _proposal(registry, artist_id, caller)


@proposals.post("/{artist_id}/approve")
async def approve_proposal(
    artist_id: Slug, form: ApprovalForm, registry: Open, caller: Caller
) -> ProposalView:
    """Protect the artist. For a registrar who did not propose it, once all checks are in."""
    only_about(artist_id, caller, NO_PROPOSAL)
    granted(
        await registry.artists.approve(
            artist_id, proposal_id=form.proposal_id, by=caller, accepting=form.accepting
        )
    )
    return _proposal(registry, artist_id, caller)


@proposals.post("/{artist_id}/reject")
async def reject_proposal(
    artist_id: Slug, form: RejectionForm, registry: Open, caller: Caller
) -> ProposalView:
    """Turn it down, or take one's own back. Its recordings are removed."""
    only_about(artist_id, caller, NO_PROPOSAL)
    granted(await registry.artists.reject(artist_id, by=caller, why=form.why))
    return _proposal(registry, artist_id, caller)


def _proposal(registry: Registry, artist_id: str, caller: Caller) -> ProposalView:
    only_about(artist_id, caller, NO_PROPOSAL)
    return ProposalView.of(found(registry.artists.proposed(artist_id), NO_PROPOSAL), caller)
