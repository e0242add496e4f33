"""The app from its parts."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import RedirectResponse, Response

from services.moderation.adapters.peaks import Waveforms
from services.moderation.adapters.reviewers import Reviewers
from services.moderation.bulk import Bulk
from services.moderation.domain.access import Queues
from services.moderation.domain.bulk import Jobs
from services.moderation.domain.past import NoPast, Past
from services.moderation.listening import AudioLinks
from services.moderation.references import Artists, NoArtists
from services.moderation.settings import LabelChoice
from services.moderation.web.audio_api import audio_routes
from services.moderation.web.bulk_api import bulk_routes
from services.moderation.web.case_file import CaseFile
from services.moderation.web.cases_api import case_routes
from services.moderation.web.dashboards import DashboardParts, dashboard_routes
from services.moderation.web.guarded import refuse_unguarded
from services.moderation.web.hearing import Hearing
from services.moderation.web.hosts import KnownHosts
from services.moderation.web.identity import COOKIE, Identity, SessionStore, SignInNeeded
from services.moderation.web.live import Changes, live_routes
from services.moderation.web.office import Office
from services.moderation.web.page_actions import action_routes
from services.moderation.web.page_bulk import bulk_page_routes
from services.moderation.web.page_passing import passing_action_routes
from services.moderation.web.pages import PageParts, page_routes
from services.moderation.web.passing_api import passing_routes
from services.moderation.web.provider_sign_in import DeskEntrance, Team
from services.moderation.web.rendering import FOLDER, STATIC, desk_pages
from services.moderation.web.sign_in import Door, sign_in_routes
from services.moderation.web.spectrum_api import spectrum_routes
from shared.clock import Clock
from shared.http import SecurityHeaders, install_problem_handlers
from shared.http.page_errors import install_page_errors
from shared.http.pages import page_files
from shared.objects.store import ObjectStore
from shared.openid.routes import provider_routes

_LOCAL_NAMES = ["127.0.0.1", "localhost", "[::1]"]
_ONE_QUEUE = Queues()
_NO_PAST = NoPast()
_NO_ARTISTS = NoArtists()
_PUBLIC = frozenset(
    {
        *(("GET", "/sign-in"), ("POST", "/sign-in"), ("POST", "/sign-out")),
        *(("GET", "/sign-in/provider"), ("GET", "/sign-in/back")),
        *(("GET", "/healthz"), ("GET", "/metrics"), ("GET", STATIC)),
        *(("GET", "/openapi.json"), ("HEAD", "/openapi.json")),
    }
)
"""The only paths without a guard: the door, its style, and what an orchestrator on the inside asks."""


@dataclass(frozen=True)
class Parts:
    """What the app is made of; tests put fakes here."""

    office: Office
    reviewers: Reviewers
    sessions: SessionStore
    waveforms: Waveforms
    changes: Changes
    store: ObjectStore
    labels: tuple[LabelChoice, ...]
    clock: Clock
    probes: APIRouter
    queues: Queues = _ONE_QUEUE
    jobs: Jobs | None = None
    bulk_undo: timedelta = timedelta(seconds=60)
    team: Team | None = None
    past: Past = _NO_PAST
    artists: Artists = _NO_ARTISTS
    links: AudioLinks | None = None
    dashboards: DashboardParts | None = None


def create_app(
    parts: Parts, lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]] | None = None
) -> FastAPI:
    app = FastAPI(
        title="Trackgate moderation",
        description="The queue of quarantined tracks: claim, hear, decide.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    public = urlsplit(parts.team.there.public_url if parts.team is not None else "")
    identity = Identity(
        parts.reviewers,
        parts.sessions,
        parts.office.audit,
        parts.office.queue.case,
        queues=parts.queues,
        cookie=f"__Host-{COOKIE}" if public.scheme == "https" else COOKIE,
    )
    pages = desk_pages(parts.clock)
    app.include_router(case_routes(identity, parts.office, parts.waveforms))
    hearing = Hearing(parts.links or AudioLinks(parts.clock), parts.artists)
    app.include_router(audio_routes(identity, parts.office, parts.store, hearing))
    app.include_router(spectrum_routes(identity, parts.office, parts.waveforms))
    app.include_router(live_routes(identity, parts.changes))
    page_parts = PageParts(identity, parts.office, pages, parts.labels, CaseFile(hearing, parts.past))
    app.include_router(page_routes(page_parts))
    app.include_router(action_routes(page_parts))
    app.include_router(passing_routes(identity, parts.office))
    if parts.dashboards is not None:
        app.include_router(dashboard_routes(identity, parts.dashboards, pages))
    if parts.jobs is not None:
        bulk = Bulk(parts.office, parts.jobs, parts.queues, parts.clock, undo=parts.bulk_undo)
        app.include_router(bulk_routes(identity, bulk))
        app.include_router(bulk_page_routes(page_parts, bulk))
    app.include_router(passing_action_routes(page_parts))
    door = Door(identity, parts.sessions, parts.office.audit)
    app.include_router(
        provider_routes(DeskEntrance(door, parts.team.grants), parts.team.there, pages)
        if parts.team is not None
        else sign_in_routes(door, parts.reviewers, pages)
    )
    app.include_router(parts.probes)
    app.mount(STATIC, page_files(FOLDER))
    refuse_unguarded(app, _PUBLIC)
    install_problem_handlers(app)
    install_page_errors(app, pages, home="/queue", home_name="Back to the queue")
    _ask_to_sign_in(app)
    app.add_middleware(SecurityHeaders)
    hosts = [*_LOCAL_NAMES, *([public.hostname] if public.hostname else [])]
    app.add_middleware(KnownHosts, allowed_hosts=hosts, www_redirect=False)
    return app


def _ask_to_sign_in(app: FastAPI) -> None:
    async def to_sign_in(request: Request, _error: Exception) -> Response:
        to = request.url.path if request.method == "GET" else "/queue"
        query = f"?{request.url.query}" if request.method == "GET" and request.url.query else ""
        return RedirectResponse(f"/sign-in?to={quote(to + query)}", 303)

    app.add_exception_handler(SignInNeeded, to_sign_in)
