"""The registry's app: the API under ``/v1``, which wants a bearer token, the pages, and the probes."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from fastapi import FastAPI

from services.registry.admission import Admission
from services.registry.bearer import BearerGuard
from services.registry.desk.actions import desk_actions
from services.registry.desk.door import RegistryEntrance, token_routes
from services.registry.desk.identity import COOKIE, DeskIdentity, Known
from services.registry.desk.pages import Desk, install_desk
from services.registry.desk.rendering import desk_pages
from services.registry.desk.sessions import Sessions
from services.registry.routes.answering import Registry
from services.registry.routes.artists import artists, proposals
from services.registry.routes.distributors import distributors
from services.registry.routes.grants import grants
from shared.clock import Clock
from shared.http import TELEMETRY, Check, SecurityHeaders, install_problem_handlers, probes
from shared.openid.routes import SignInThere, provider_routes

OpenRegistry = Callable[[], AbstractAsyncContextManager[Registry]]


@dataclass(frozen=True)
class Team:
    """Who signs in at an OpenID provider, and where."""

    there: SignInThere
    admission: Admission


def create_app(
    open_registry: OpenRegistry,
    *,
    people: Known,
    clock: Clock,
    request_limit: int,
    checks: Mapping[str, Check],
    team: Team | None = None,
) -> FastAPI:
    """``team``: people sign in to the pages at an OpenID provider; None: with a token of the registry."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_registry() as registry:
            app.state.registry = registry
            app.state.request_limit = request_limit
            yield

    app = FastAPI(
        telemetry=TELEMETRY,
        title="Trackgate registry",
        version="1",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    app.add_middleware(BearerGuard, holding=people.holding, prefix="/v1/")
    app.add_middleware(SecurityHeaders)
    install_problem_handlers(app)
    app.include_router(probes(checks))
    for router in (artists, proposals, grants, distributors):
        app.include_router(router)
    public = "" if team is None else urlsplit(team.there.public_url).scheme
    identity = DeskIdentity(
        people, Sessions(clock), cookie=f"__Host-{COOKIE}" if public == "https" else COOKIE
    )
    desk = Desk(identity, desk_pages())
    door = (
        token_routes(identity, desk.pages)
        if team is None
        else provider_routes(RegistryEntrance(identity, team.admission), team.there, desk.pages)
    )
    install_desk(app, desk, door, desk_actions(desk))
    return app
