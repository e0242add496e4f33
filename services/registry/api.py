"""The registry's HTTP API. Every route but the probes wants the administrators' bearer token."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar, cast

from fastapi import APIRouter, Depends, FastAPI, Request

from services.registry.bearer import BearerGuard
from services.registry.domain import Refused
from services.registry.enrolment import enrolment
from services.registry.forms import ArtistForm, DistributorForm, GrantForm, NewArtistForm
from services.registry.handlers import (
    NO_ARTIST,
    NO_DISTRIBUTOR,
    NO_GRANT,
    Artists,
    Distributors,
    Grants,
    NewKey,
)
from services.registry.ports import Ledger
from services.registry.views import ArtistView, DistributorView, GrantView, NewKeyView
from services.registry.webhooks import NO_WEBHOOK, NOT_SET_UP, WebhookForm, Webhooks, WebhookView
from shared.clock import Clock
from shared.events import ConsentGrant, DistributorRegistered, ProtectedArtist
from shared.events.base import Slug
from shared.http import (
    TELEMETRY,
    Check,
    FieldError,
    Problem,
    ProblemError,
    SecurityHeaders,
    install_problem_handlers,
    probes,
)

T = TypeVar("T")

_CONFLICTS = {"already-enrolled", "already-registered", "grant-revoked", "grant-of-another"}
_MISSING = {NO_ARTIST.code, NO_GRANT.code, NO_DISTRIBUTOR.code, NO_WEBHOOK.code}
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


@dataclass(frozen=True)
class Registry:
    """Everything that the routes answer from, open."""

    artists: Artists
    grants: Grants
    distributors: Distributors
    webhooks: Webhooks
    artist_ledger: Ledger[ProtectedArtist]
    grant_ledger: Ledger[ConsentGrant]
    distributor_ledger: Ledger[DistributorRegistered]
    clock: Clock


OpenRegistry = Callable[[], AbstractAsyncContextManager[Registry]]


def create_app(
    open_registry: OpenRegistry, *, token_sha256: str, request_limit: int, checks: Mapping[str, Check]
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
    app.add_middleware(BearerGuard, token_sha256=token_sha256, prefix="/v1/")
    app.add_middleware(SecurityHeaders)
    install_problem_handlers(app)
    app.include_router(probes(checks))
    for router in (artists, grants, distributors):
        app.include_router(router)
    return app


def _registry(request: Request) -> Registry:
    return cast("Registry", request.app.state.registry)


Open = Annotated[Registry, Depends(_registry)]
artists = APIRouter(prefix="/v1/artists", tags=["artists"])
grants = APIRouter(prefix="/v1/grants", tags=["grants"])
distributors = APIRouter(prefix="/v1/distributors", tags=["distributors"])


def _granted(outcome: T | Refused) -> T:
    """The outcome, or its refusal as a problem."""
    if not isinstance(outcome, Refused):
        return outcome
    status = 422
    if outcome.code in _MISSING:
        status = 404
    elif outcome.code in _CONFLICTS:
        status = 409
    elif outcome.code == NOT_SET_UP.code:
        status = 503
    errors = (FieldError(field=outcome.field, reason=outcome.reason),) if outcome.field else ()
    raise ProblemError(
        Problem.of(
            outcome.code,
            title="The registry refuses this",
            status=status,
            detail=outcome.reason,
            errors=errors,
        )
    )


def _found(record: T | None, missing: Refused) -> T:
    return _granted(record if record is not None else missing)


@artists.post("", status_code=201, openapi_extra=cast("dict[str, Any]", _ENROLMENT))
async def enrol_artist(request: Request, registry: Open) -> ArtistView:
    limit = request.app.state.request_limit
    async with enrolment(request, NewArtistForm, limit_bytes=limit) as sent:
        enrolled = await registry.artists.enrol(sent.form.artist_id, sent.form, sent.files, only_new=True)
    return ArtistView.of(_granted(enrolled))


@artists.put("/{artist_id}", openapi_extra=cast("dict[str, Any]", _ENROLMENT))
async def put_artist(artist_id: Slug, request: Request, registry: Open) -> ArtistView:
    """Enrol, or change: what is said is replaced, recordings sent along come beside those kept."""
    async with enrolment(request, ArtistForm, limit_bytes=request.app.state.request_limit) as sent:
        enrolled = await registry.artists.enrol(artist_id, sent.form, sent.files)
    return ArtistView.of(_granted(enrolled))


@artists.post("/{artist_id}/withdraw")
async def withdraw_artist(artist_id: Slug, registry: Open) -> ArtistView:
    return ArtistView.of(_granted(await registry.artists.withdraw(artist_id)))


@artists.get("")
async def list_artists(registry: Open) -> list[ArtistView]:
    current = registry.artist_ledger.current
    return [ArtistView.of(current[artist_id]) for artist_id in sorted(current)]


@artists.get("/{artist_id}")
async def get_artist(artist_id: Slug, registry: Open) -> ArtistView:
    return ArtistView.of(_found(registry.artist_ledger.current.get(artist_id), NO_ARTIST))


@grants.put("/{grant_id}")
async def put_grant(grant_id: Slug, form: GrantForm, registry: Open) -> GrantView:
    given = _granted(await registry.grants.give(grant_id, form))
    return GrantView.of(given, registry.clock.now())


@grants.post("/{grant_id}/revoke")
async def revoke_grant(grant_id: Slug, registry: Open) -> GrantView:
    revoked = _granted(await registry.grants.revoke(grant_id))
    return GrantView.of(revoked, registry.clock.now())


@grants.get("")
async def list_grants(registry: Open, artist_id: Slug | None = None) -> list[GrantView]:
    current, now = registry.grant_ledger.current, registry.clock.now()
    wanted = [current[grant_id] for grant_id in sorted(current)]
    return [GrantView.of(given, now) for given in wanted if artist_id in {None, given.artist_id}]


@grants.get("/{grant_id}")
async def get_grant(grant_id: Slug, registry: Open) -> GrantView:
    given = _found(registry.grant_ledger.current.get(grant_id), NO_GRANT)
    return GrantView.of(given, registry.clock.now())


@distributors.post("", status_code=201)
async def register_distributor(form: DistributorForm, registry: Open) -> NewKeyView:
    """Register a party that may deliver. The API key is told this once."""
    return _with_key(_granted(await registry.distributors.register(form)))


@distributors.post("/{distributor_id}/key")
async def replace_key(distributor_id: Slug, registry: Open) -> NewKeyView:
    """A new API key, told this once; the old one stops working."""
    return _with_key(_granted(await registry.distributors.replace_key(distributor_id)))


@distributors.post("/{distributor_id}/deactivate")
async def deactivate_distributor(distributor_id: Slug, registry: Open) -> DistributorView:
    return DistributorView.of(_granted(await registry.distributors.set_active(distributor_id, active=False)))


@distributors.post("/{distributor_id}/activate")
async def activate_distributor(distributor_id: Slug, registry: Open) -> DistributorView:
    return DistributorView.of(_granted(await registry.distributors.set_active(distributor_id, active=True)))


@distributors.get("")
async def list_distributors(registry: Open) -> list[DistributorView]:
    current = registry.distributor_ledger.current
    return [DistributorView.of(current[distributor_id]) for distributor_id in sorted(current)]


@distributors.get("/{distributor_id}")
async def get_distributor(distributor_id: Slug, registry: Open) -> DistributorView:
    return DistributorView.of(_found(registry.distributor_ledger.current.get(distributor_id), NO_DISTRIBUTOR))


@distributors.put("/{distributor_id}/webhook")
async def put_webhook(distributor_id: Slug, form: WebhookForm, registry: Open) -> WebhookView:
    """Where the distributor is told of decisions. A signing secret that was made now is told this once."""
    new = _granted(await registry.webhooks.register(distributor_id, form))
    return WebhookView.of(new.webhook, new.secret)


@distributors.get("/{distributor_id}/webhook")
async def get_webhook(distributor_id: Slug, registry: Open) -> WebhookView:
    return WebhookView.of(_found(registry.webhooks.current.get(distributor_id), NO_WEBHOOK))


@distributors.delete("/{distributor_id}/webhook")
async def delete_webhook(distributor_id: Slug, registry: Open) -> WebhookView:
    """Send nothing there any more. The secret stays for the day that it is registered again."""
    return WebhookView.of(_granted(await registry.webhooks.switch_off(distributor_id)))


def _with_key(new: NewKey) -> NewKeyView:
    return NewKeyView(**DistributorView.of(new.distributor).model_dump(), api_key=new.api_key)
