"""The portal's pages."""

import json
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from redis.exceptions import RedisError

from services.ingest.answers import TrackAnswer, TrackSummary
from services.ingest.domain import Refused
from services.ingest.handlers import Intake
from services.ingest.portal.identity import (
    COOKIE,
    PortalIdentity,
    SignedIn,
    refuse_other_sites,
    require_csrf,
)
from services.ingest.portal.keys import keys_told
from services.ingest.portal.rendering import FOLDER, STATIC
from services.ingest.portal.sessions import LASTS, SessionStore
from services.ingest.ports import DeliveryLedger, LedgerUnavailable
from services.ingest.routes.tracks import TrackId, TrackViews
from shared.events import TrackUploaded
from shared.http.page_errors import install_page_errors
from shared.http.pages import Pages, page_files
from shared.views.tracks import TrackView

PAGE = 25
_SIGN_IN = "/portal/sign-in"
_APPEALS = "/v1/tracks/{track_id}/appeals"
_TABS = {
    "uploads.html": "uploads",
    "track.html": "uploads",
    "deliver.html": "deliver",
}
_CONTESTABLE = frozenset({"label", "reject"})
"""As the appeals route takes them: what is held waits for its first decision by a person anyway."""


@dataclass(frozen=True)
class Portal:
    """What the pages are made of."""

    intake: Intake
    identity: PortalIdentity
    sessions: SessionStore
    ledger: DeliveryLedger
    views: TrackViews
    pages: Pages

    def page(self, template: str, who: SignedIn, *, status: int = 200, **values: Any) -> Response:
        common = {"name": who.distributor.name, "csrf": who.csrf, "here": _TABS.get(template, "")}
        return self.pages.answer(template, common | values, status=status)

    async def own(self, who: SignedIn, track_id: str) -> tuple[TrackUploaded, TrackView] | None:
        try:
            view = await self.views.load(track_id)
        except (RedisError, OSError) as error:
            raise LedgerUnavailable(f"Redis: {error}") from error
        if view is None or view.upload is None:
            return None
        mine = view.upload.distributor_id == who.distributor.distributor_id
        return (view.upload, view) if mine else None

    def missing(self, who: SignedIn) -> Response:
        return self.page("missing.html", who, status=404)


def install_portal(app: FastAPI, portal: Portal, *further: APIRouter) -> None:
    """The portal's pages, ``further`` ones and their files; call it after ``install_problem_handlers``."""

    @app.get("/", include_in_schema=False)
    async def home() -> Response:
        return RedirectResponse("/portal", 303)

    for router in (portal_routes(portal), *further):
        app.include_router(router)
    app.mount(STATIC, page_files(FOLDER))
    install_page_errors(app, portal.pages, home="/portal", home_name="Your uploads")


def portal_routes(portal: Portal) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    router.include_router(_sign_in_routes(portal))
    router.include_router(_track_routes(portal))
    return router


def _sign_in_routes(portal: Portal) -> APIRouter:
    router = APIRouter(prefix="/portal")

    @router.get("/sign-in")
    async def ask(request: Request) -> Response:
        if await portal.identity.find(request) is not None:
            return RedirectResponse("/portal", 303)
        return portal.pages.answer("sign_in.html", {"refused": None})

    @router.post("/sign-in")
    async def sign_in(request: Request, key: Annotated[str, Form(max_length=300)] = "") -> Response:
        refuse_other_sites(request)
        found = portal.intake.identify(key.strip())
        if isinstance(found, Refused):
            return portal.pages.answer("sign_in.html", {"refused": found.kind.value}, status=403)
        response = RedirectResponse("/portal", 303)
        response.set_cookie(
            COOKIE,
            await portal.sessions.open(found),
            max_age=int(LASTS.total_seconds()),
            path="/",
            secure=request.url.scheme == "https",
            httponly=True,
            samesite="strict",
        )
        return response

    @router.post("/sign-out")
    async def sign_out(request: Request, csrf: Annotated[str, Form(max_length=100)] = "") -> Response:
        who = await portal.identity.find(request)
        if who is not None:
            require_csrf(who, csrf)
            await portal.sessions.close(who.secret)
        response = RedirectResponse(_SIGN_IN, 303)
        response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
        return response

    return router


def _track_routes(portal: Portal) -> APIRouter:
    router = APIRouter(prefix="/portal")

    @router.get("")
    async def uploads(request: Request, offset: Annotated[int, Query(ge=0)] = 0) -> Response:
        who = await portal.identity.find(request)
        if who is None:
            return RedirectResponse(_SIGN_IN, 303)
        ids = await portal.ledger.page(who.distributor.distributor_id, offset=offset, limit=PAGE + 1)
        found = [owned for track_id in ids[:PAGE] if (owned := await portal.own(who, track_id)) is not None]
        return portal.page(
            "uploads.html",
            who,
            tracks=[(TrackSummary.of(upload, view), view) for upload, view in found],
            offset=offset,
            before=max(0, offset - PAGE) if offset else None,
            next=offset + PAGE if len(ids) > PAGE else None,
        )

    @router.get("/tracks/{track_id}")
    async def track(request: Request, track_id: TrackId) -> Response:
        who = await portal.identity.find(request)
        if who is None:
            return RedirectResponse(_SIGN_IN, 303)
        owned = await portal.own(who, track_id)
        if owned is None:
            return portal.missing(who)
        upload, view = owned
        appealed = {appeal.decision_id for appeal in view.appeals}
        decision = view.decision
        contestable = (
            decision is not None
            and decision.outcome.value in _CONTESTABLE
            and decision.event_id not in appealed
            and _APPEALS in request.app.openapi()["paths"]
        )
        return portal.page(
            "track.html",
            who,
            track=TrackAnswer.of(upload, view),
            keys=keys_told(upload.declaration.artist_keys_sha256, decision),
            statement=None if decision is None else decision.statement,
            appeals=view.appeals,
            answers={one.appeal_id: one for one in view.appeals_decided},
            contestable=contestable,
        )

    @router.get("/deliver")
    async def deliver(request: Request, again: Annotated[str, Query(max_length=36)] = "") -> Response:
        who = await portal.identity.find(request)
        if who is None:
            return RedirectResponse(_SIGN_IN, 303)
        owned = await portal.own(who, again) if again else None
        declared = owned[0].declaration if owned else None
        credit = (
            [] if declared is None else [party.model_dump(mode="json") for party in declared.contributors]
        )
        return portal.page(
            "deliver.html",
            who,
            declared=declared,
            again=again if owned else "",
            credits_json=json.dumps(credit),
        )

    return router
