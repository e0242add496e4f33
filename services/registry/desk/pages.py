"""Pages of the registry: the list of artists, and one artist with everything about them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse

from services.registry.artists import NO_ARTIST
from services.registry.desk.identity import (
    DeskIdentity,
    SignedIn,
    SignInNeeded,
)
from services.registry.desk.rendering import FOLDER, STATIC
from services.registry.domain import Refused
from services.registry.routes.answering import Registry, registry_of
from services.registry.views import ArtistKeyView, ArtistView, GrantView, ProposalView
from services.registry.wordings import CURRENT, WORDINGS
from shared.events import GrantUse, ProposalState
from shared.http.page_errors import install_page_errors
from shared.http.pages import Pages, page_files

_SIGN_IN = "/sign-in"
NO_FAULTS: Mapping[str, str] = {}


@dataclass(frozen=True)
class Desk:
    """What the pages are made of."""

    identity: DeskIdentity
    pages: Pages

    def page(self, template: str, who: SignedIn, *, status: int = 200, **values: Any) -> Response:
        common = {"name": who.person.name, "csrf": who.csrf}
        return self.pages.answer(template, common | values, status=status)

    def missing(self, who: SignedIn) -> Response:
        return self.page("missing.html", who, status=404)

    def form(
        self,
        who: SignedIn,
        *,
        said: Mapping[str, Any],
        faults: Mapping[str, str] = NO_FAULTS,
        artist: ArtistView | None = None,
        refused: Refused | None = None,
    ) -> Response:
        """The form of a proposal; of a change, when there is an artist."""
        return self.page(
            "propose.html",
            who,
            status=422 if faults or refused else 200,
            artist=artist,
            said=said,
            faults=faults,
            refused=refused,
            wording=CURRENT,
            text=WORDINGS[CURRENT],
        )

    def artist(
        self,
        who: SignedIn,
        registry: Registry,
        artist_id: str,
        *,
        said: Mapping[str, Any] = NO_FAULTS,
        faults: Mapping[str, str] = NO_FAULTS,
        refused: Refused | None = None,
        new_key: str | None = None,
    ) -> Response:
        """Everything about one artist; ``said`` and ``faults`` are those of the form that was sent."""
        found = registry.artist_ledger.current.get(artist_id)
        proposed = registry.artists.proposed(artist_id)
        if not who.person.sees(artist_id) or (found is None and proposed is None):
            return self.missing(who)
        proposal = None if proposed is None else ProposalView.of(proposed, who.person)
        pending = proposal is not None and proposal.state is ProposalState.PENDING
        now = registry.clock.now()
        grants = [one for one in registry.grant_ledger.current.values() if one.artist_id == artist_id]
        keys = [one for one in registry.artist_keys.current.values() if one.artist_id == artist_id]
        return self.page(
            "artist.html",
            who,
            status=422 if faults or refused else 200,
            artist_id=artist_id,
            artist=None if found is None else ArtistView.of(found, registry.template_made_at(artist_id)),
            proposal=proposal,
            pending=pending,
            ready=pending and proposal is not None and not proposal.waiting_for and not proposal.unfit,
            mine=proposal is not None and proposal.proposed_by == who.person.person_id,
            may_approve=who.person.may_approve,
            grants=[GrantView.of(one, now) for one in sorted(grants, key=lambda one: one.grant_id)],
            keys=[ArtistKeyView.of(one, now) for one in sorted(keys, key=lambda one: one.key_id)],
            uses=[use.value for use in GrantUse],
            said=said,
            faults=faults,
            refused=refused,
            new_key=new_key,
            state=state_of(registry, artist_id),
        )


def state_of(registry: Registry, artist_id: str) -> str:
    """Changes whenever the artist's page would: what it polls for."""
    artist = registry.artist_ledger.current.get(artist_id)
    proposed = registry.artists.proposed(artist_id)
    parts = [
        artist.event_id if artist is not None else "-",
        proposed.proposal.event_id if proposed is not None else "-",
        ",".join(proposed.progress.waiting_for) if proposed is not None else "-",
        "made" if registry.template_made_at(artist_id) is not None else "-",
    ]
    return "|".join(parts)


def install_desk(app: FastAPI, desk: Desk, door: APIRouter, actions: APIRouter) -> None:
    """Call it after ``install_problem_handlers``."""

    async def to_the_door(request: Request, _error: Exception) -> Response:
        to = request.url.path if request.method == "GET" else "/artists"
        return RedirectResponse(f"{_SIGN_IN}?to={quote(to)}", 303)

    @app.get("/", include_in_schema=False)
    async def home() -> Response:
        return RedirectResponse("/artists", 303)

    install_page_errors(app, desk.pages, home="/artists", home_name="All artists")
    app.add_exception_handler(SignInNeeded, to_the_door)
    app.include_router(door)
    app.include_router(_reading(desk))
    app.include_router(actions)
    app.mount(STATIC, page_files(FOLDER))


def _reading(desk: Desk) -> APIRouter:
    router = APIRouter(prefix="/artists", include_in_schema=False)

    @router.get("")
    async def artists(request: Request) -> Response:
        who, registry = desk.identity.visiting(request), registry_of(request)
        protected, proposals = registry.artist_ledger.current, registry.proposal_ledger.current
        seen = sorted(one for one in {*protected, *proposals} if who.person.sees(one))
        rows = [
            {
                "artist_id": one,
                "name": (protected.get(one) or proposals[one]).name,
                "artist": protected.get(one),
                "proposal": proposals.get(one),
            }
            for one in seen
        ]
        rows.sort(key=lambda row: not _waits(row["proposal"]))
        return desk.page("artists.html", who, rows=rows)

    @router.get("/new")
    async def new(request: Request) -> Response:
        return desk.form(desk.identity.visiting(request), said={})

    @router.get("/{artist_id}")
    async def artist(request: Request, artist_id: str) -> Response:
        return desk.artist(desk.identity.visiting(request), registry_of(request), artist_id)

    @router.get("/{artist_id}/change")
    async def change(request: Request, artist_id: str) -> Response:
        who, registry = desk.identity.visiting(request), registry_of(request)
        found = registry.artist_ledger.current.get(artist_id)
        if found is None or not who.person.sees(artist_id):
            return desk.missing(who)
        return desk.form(who, said=_said_before(ArtistView.of(found)), artist=ArtistView.of(found))

    @router.get("/{artist_id}/state")
    async def state(request: Request, artist_id: str) -> Response:
        who, registry = desk.identity.visiting(request), registry_of(request)
        if not who.person.sees(artist_id):
            return JSONResponse({"state": NO_ARTIST.code}, 404)
        return JSONResponse({"state": state_of(registry, artist_id)})

    return router


def _waits(proposal: Any) -> bool:
    return proposal is not None and proposal.state is ProposalState.PENDING


def _said_before(artist: ArtistView) -> dict[str, Any]:
    return {
        "name": artist.name,
        "aliases": "\n".join(artist.aliases),
        "isni": artist.isni or "",
        "biometric_consent": artist.biometric_consent,
        "given_by": artist.consent.given_by if artist.consent else "",
        "given_at": artist.consent.given_at.date().isoformat() if artist.consent else "",
        "statement": artist.authority.statement if artist.authority else "",
        "document_sha256": (artist.authority.document_sha256 or "") if artist.authority else "",
        "own_distributors": "\n".join(artist.own_distributors),
    }
