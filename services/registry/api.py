"""The registry's app: the API under ``/v1``, which wants a bearer token, the pages, and the probes."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import FastAPI

from services.registry.bearer import BearerGuard
from services.registry.desk.actions import desk_actions
from services.registry.desk.identity import DeskIdentity, Known
from services.registry.desk.pages import Desk, install_desk
from services.registry.desk.rendering import desk_pages
from services.registry.desk.sessions import Sessions
from services.registry.routes.answering import Registry
from services.registry.routes.artists import artists, proposals
from services.registry.routes.distributors import distributors
from services.registry.routes.grants import grants
from shared.clock import Clock
from shared.http import TELEMETRY, Check, SecurityHeaders, install_problem_handlers, probes

OpenRegistry = Callable[[], AbstractAsyncContextManager[Registry]]


def create_app(
    open_registry: OpenRegistry,
    *,
    people: Known,
    clock: Clock,
    request_limit: int,
    checks: Mapping[str, Check],
) -> FastAPI:
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
    desk = Desk(DeskIdentity(people, Sessions(clock)), desk_pages())
    install_desk(app, desk, desk_actions(desk))
    return app
