"""The registry's app: the HTTP API under ``/v1``, which wants a bearer token, and the probes."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import FastAPI

from services.registry.bearer import BearerGuard
from services.registry.people import Person
from services.registry.routes.answering import Registry
from services.registry.routes.artists import artists, proposals
from services.registry.routes.distributors import distributors
from services.registry.routes.grants import grants
from shared.http import TELEMETRY, Check, SecurityHeaders, install_problem_handlers, probes

OpenRegistry = Callable[[], AbstractAsyncContextManager[Registry]]


def create_app(
    open_registry: OpenRegistry,
    *,
    holding: Callable[[str], Person | None],
    request_limit: int,
    checks: Mapping[str, Check],
) -> FastAPI:
    """``holding`` says whose a token is."""

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
    app.add_middleware(BearerGuard, holding=holding, prefix="/v1/")
    app.add_middleware(SecurityHeaders)
    install_problem_handlers(app)
    app.include_router(probes(checks))
    for router in (artists, proposals, grants, distributors):
        app.include_router(router)
    return app
