"""What people do on the pages. The body of a form is read once its sender is known."""

from collections.abc import Coroutine, Mapping
from typing import Any, TypeVar

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData

from services.registry.artists import NO_ARTIST
from services.registry.desk import reading
from services.registry.desk.identity import SignedIn, require_csrf
from services.registry.desk.pages import Desk
from services.registry.domain import MOST_REFERENCES, Refused
from services.registry.enrolment import check_length
from services.registry.forms import ArtistForm, ArtistKeyForm, GrantForm, NewArtistForm
from services.registry.handlers import NO_GRANT
from services.registry.routes.answering import Registry, registry_of
from services.registry.views import ArtistView

T = TypeVar("T")


def desk_actions(desk: Desk) -> APIRouter:
    router = APIRouter(prefix="/artists", include_in_schema=False)
    _proposing(router, desk)
    _answering(router, desk)
    _consenting(router, desk)
    _giving_keys(router, desk)
    return router


def _proposing(router: APIRouter, desk: Desk) -> None:
    @router.post("/new")
    async def propose(request: Request) -> Response:
        who = desk.identity.acting(request)
        check_length(request, request.app.state.request_limit)
        async with request.form(max_files=MOST_REFERENCES + 1, max_fields=60) as parts:
            require_csrf(who, parts.get("csrf"))
            form = await reading.artist_form(parts, new=True)
            said = reading.said(parts)
            if not isinstance(form, NewArtistForm):
                return desk.form(who, said=said, faults=_faults(form))
            if not who.person.sees(form.artist_id):
                return desk.form(who, said=said, faults={"artist_id": "you do not speak for this artist"})
            outcome = await registry_of(request).artists.propose(
                form.artist_id, form, reading.recordings(parts), by=who.person, only_new=True
            )
        if isinstance(outcome, Refused):
            return desk.form(who, said=said, refused=outcome)
        return RedirectResponse(f"/artists/{outcome.artist_id}", 303)

    @router.post("/{artist_id}/change")
    async def change(request: Request, artist_id: str) -> Response:
        who, registry = desk.identity.acting(request), registry_of(request)
        found = registry.artist_ledger.current.get(artist_id)
        if found is None or not who.person.sees(artist_id):
            return desk.missing(who)
        artist = ArtistView.of(found)
        check_length(request, request.app.state.request_limit)
        async with request.form(max_files=MOST_REFERENCES + 1, max_fields=60) as parts:
            require_csrf(who, parts.get("csrf"))
            form = await reading.artist_form(parts, new=False)
            said = reading.said(parts)
            if not isinstance(form, ArtistForm):
                return desk.form(who, said=said, faults=form, artist=artist)
            files = reading.recordings(parts)
            outcome = await registry.artists.propose(artist_id, form, files, by=who.person)
        if isinstance(outcome, Refused):
            return desk.form(who, said=said, refused=outcome, artist=artist)
        return RedirectResponse(f"/artists/{artist_id}", 303)


def _answering(router: APIRouter, desk: Desk) -> None:
    @router.post("/{artist_id}/approve")
    async def approve(request: Request, artist_id: str) -> Response:
        who, registry, parts = await _asked(desk, request)
        approving = registry.artists.approve(
            artist_id,
            proposal_id=str(parts.get("proposal_id", "")),
            by=who.person,
            accepting=str(parts.get("accepting", "")),
        )
        outcome = await _about(who, artist_id, approving)
        return _told(desk, who, registry, artist_id, outcome, parts)

    @router.post("/{artist_id}/reject")
    async def reject(request: Request, artist_id: str) -> Response:
        who, registry, parts = await _asked(desk, request)
        why = str(parts.get("why", "")).strip() or "no reason was given"
        outcome = await _about(who, artist_id, registry.artists.reject(artist_id, by=who.person, why=why))
        return _told(desk, who, registry, artist_id, outcome, parts)

    @router.post("/{artist_id}/withdraw")
    async def withdraw(request: Request, artist_id: str) -> Response:
        who, registry, parts = await _asked(desk, request)
        if parts.get("sure") != "yes":
            unsure = Refused("not-sure", "tick the box: this cannot be undone", "sure")
            return desk.artist(who, registry, artist_id, refused=unsure)
        outcome = await _about(who, artist_id, registry.artists.withdraw(artist_id, by=who.person))
        return _told(desk, who, registry, artist_id, outcome, parts)


def _consenting(router: APIRouter, desk: Desk) -> None:
    @router.post("/{artist_id}/grants")
    async def give(request: Request, artist_id: str) -> Response:
        who, registry, parts = await _asked(desk, request)
        form = reading.grant_form(parts, artist_id)
        if not isinstance(form, GrantForm):
            return desk.artist(who, registry, artist_id, said=reading.said(parts), faults=form)
        grant_id = str(parts["grant_id"]).strip()
        outcome = await _about(who, artist_id, registry.grants.give(grant_id, form, by=who.person))
        return _told(desk, who, registry, artist_id, outcome, parts)

    @router.post("/{artist_id}/grants/{grant_id}/revoke")
    async def revoke(request: Request, artist_id: str, grant_id: str) -> Response:
        who, registry, parts = await _asked(desk, request)
        given = registry.grant_ledger.current.get(grant_id)
        if given is None or given.artist_id != artist_id:
            return _told(desk, who, registry, artist_id, NO_GRANT, parts)
        outcome = await _about(who, artist_id, registry.grants.revoke(grant_id))
        return _told(desk, who, registry, artist_id, outcome, parts)


def _giving_keys(router: APIRouter, desk: Desk) -> None:
    @router.post("/{artist_id}/keys")
    async def give_key(request: Request, artist_id: str) -> Response:
        """The key is on this answer and on no other: it is not redirected from."""
        who, registry, parts = await _asked(desk, request)
        form = reading.key_form(parts)
        if not isinstance(form, ArtistKeyForm):
            return desk.artist(who, registry, artist_id, said=reading.said(parts), faults=form)
        outcome = await _about(who, artist_id, registry.artist_keys.give(artist_id, form))
        if isinstance(outcome, Refused):
            return _told(desk, who, registry, artist_id, outcome, parts)
        return desk.artist(who, registry, artist_id, new_key=outcome.key)

    @router.post("/{artist_id}/keys/{key_id}/revoke")
    async def revoke_key(request: Request, artist_id: str, key_id: str) -> Response:
        who, registry, parts = await _asked(desk, request)
        given = registry.artist_keys.current.get(key_id)
        if given is None or given.artist_id != artist_id:
            return _told(desk, who, registry, artist_id, NO_ARTIST, parts)
        outcome = await _about(who, artist_id, registry.artist_keys.revoke(key_id))
        return _told(desk, who, registry, artist_id, outcome, parts)


async def _asked(desk: Desk, request: Request) -> tuple[SignedIn, Registry, FormData]:
    who = desk.identity.acting(request)
    parts = await request.form(max_files=0, max_fields=60)
    require_csrf(who, parts.get("csrf"))
    return who, registry_of(request), parts


async def _about(who: SignedIn, artist_id: str, doing: Coroutine[Any, Any, T]) -> T | Refused:
    """Do it, unless it is about an artist whom the person does not see."""
    if who.person.sees(artist_id):
        return await doing
    doing.close()
    return NO_ARTIST


def _told(
    desk: Desk, who: SignedIn, registry: Registry, artist_id: str, outcome: object, parts: FormData
) -> Response:
    if isinstance(outcome, Refused):
        return desk.artist(who, registry, artist_id, said=reading.said(parts), refused=outcome)
    return RedirectResponse(f"/artists/{artist_id}", 303)


def _faults(form: object) -> dict[str, str]:
    return dict(form) if isinstance(form, Mapping) else {}
