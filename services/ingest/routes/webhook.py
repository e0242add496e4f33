"""``/v1/webhook``: a distributor says where it is told of decisions, and sees whether that works."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from services.ingest.endpoints import (
    Endpoints,
    EndpointState,
    NoEndpoint,
    NoSuchDelivery,
    NotSetUp,
    OwnEndpoint,
    StillWaiting,
)
from services.ingest.openapi import READ_ERRORS
from services.ingest.routes.caller import CallerIdentity
from shared.events import DeliveryStep, DistributorRegistered
from shared.http import FieldError, Problem, ProblemError
from shared.views.deliveries import Delivery
from shared.webhooks.address import Forbidden

DeliveryId = Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$")]
_PAGE = 100


class WebhookRequest(BaseModel):
    """``new_secret`` replaces the signing secret; the one before signs as well for another day."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    url: Annotated[str, Field(min_length=8, max_length=2000)]
    new_secret: bool = False


class WebhookAnswer(BaseModel):
    """``secret`` is told once, when it is made: absent in every other answer."""

    model_config = ConfigDict(frozen=True)

    url: str
    state: EndpointState
    since: datetime
    failing_since: datetime | None = None
    secret: str | None = None

    @classmethod
    def of(cls, own: OwnEndpoint, secret: str | None = None) -> "WebhookAnswer":
        return cls(
            url=own.webhook.url,
            state=own.state,
            since=own.webhook.since,
            failing_since=own.failing_since,
            secret=secret,
        )


class DeliveryAnswer(BaseModel):
    """``due_at``: when the next attempt is made by itself."""

    model_config = ConfigDict(frozen=True)

    delivery_id: str
    track_id: str
    step: DeliveryStep
    attempts: int
    status: int | None
    reason: str | None
    queued_at: datetime
    due_at: datetime | None
    may_replay: bool

    @classmethod
    def of(cls, delivery: Delivery) -> "DeliveryAnswer":
        last = delivery.last
        return cls(
            delivery_id=last.delivery_id,
            track_id=last.track_id,
            step=last.step,
            attempts=last.attempt,
            status=last.status,
            reason=last.reason,
            queued_at=delivery.queued_at,
            due_at=last.due_at if delivery.waiting else None,
            may_replay=not delivery.waiting and delivery.body is not None,
        )


class DeliveryList(BaseModel):
    """Newest first; ``next`` is the offset of the following page, absent at the end."""

    model_config = ConfigDict(frozen=True)

    deliveries: tuple[DeliveryAnswer, ...]
    next: int | None


def webhook_routes(identity: CallerIdentity, endpoints: Endpoints) -> APIRouter:
    router = APIRouter(prefix="/v1/webhook", tags=["webhook"], responses=READ_ERRORS)
    _endpoint(router, identity, endpoints)
    _log(router, identity, endpoints)
    return router


def _endpoint(router: APIRouter, identity: CallerIdentity, endpoints: Endpoints) -> None:
    @router.get("", summary="Where you are told of decisions")
    async def endpoint(caller: Annotated[DistributorRegistered, Depends(identity)]) -> WebhookAnswer:
        return WebhookAnswer.of(await _own(endpoints, caller))

    @router.put("", summary="Be told of decisions at a URL of yours")
    async def register(
        caller: Annotated[DistributorRegistered, Depends(identity)], request: WebhookRequest
    ) -> WebhookAnswer:
        """The first registration, and `new_secret`, answer with the signing secret: it is told only then.

        Registering again, with the same URL too, switches an endpoint on that was given up or is off.
        """
        made = await endpoints.register(caller.distributor_id, request.url, new_secret=request.new_secret)
        match made:
            case Forbidden():
                fault = FieldError(field="url", reason=made.reason)
                raise ProblemError(
                    Problem.of("url-forbidden", title="This URL cannot be used", status=422, errors=[fault])
                )
            case NotSetUp():
                raise ProblemError(
                    Problem.of("webhooks-not-set-up", title="Ask the platform to register it", status=409)
                )
            case _:
                return WebhookAnswer.of(await _own(endpoints, caller), made.secret)

    @router.delete("", status_code=204, summary="Be told nothing more")
    async def switch_off(caller: Annotated[DistributorRegistered, Depends(identity)]) -> None:
        if isinstance(await endpoints.switch_off(caller.distributor_id), NoEndpoint):
            raise _none()


def _log(router: APIRouter, identity: CallerIdentity, endpoints: Endpoints) -> None:
    @router.get("/deliveries", summary="What was told, and what came of it")
    async def deliveries(
        caller: Annotated[DistributorRegistered, Depends(identity)],
        offset: Annotated[int, Query(ge=0)] = 0,
        limit: Annotated[int, Query(ge=1, le=_PAGE)] = 25,
    ) -> DeliveryList:
        found = await endpoints.deliveries(caller.distributor_id, offset=offset, limit=limit + 1)
        return DeliveryList(
            deliveries=tuple(DeliveryAnswer.of(one) for one in found[:limit]),
            next=offset + limit if len(found) > limit else None,
        )

    @router.post("/deliveries/{delivery_id}/replay", status_code=202, summary="Tell it once more")
    async def replay(
        caller: Annotated[DistributorRegistered, Depends(identity)], delivery_id: DeliveryId
    ) -> None:
        match await endpoints.replay(caller.distributor_id, delivery_id):
            case NoSuchDelivery():
                raise ProblemError(
                    Problem.of("no-such-delivery", title="You were told nothing like this", status=404)
                )
            case StillWaiting():
                raise ProblemError(
                    Problem.of("still-waiting", title="It is sent by itself, and soon", status=409)
                )
            case _:
                return


async def _own(endpoints: Endpoints, caller: DistributorRegistered) -> OwnEndpoint:
    own = await endpoints.of(caller.distributor_id)
    if isinstance(own, NoEndpoint):
        raise _none()
    return own


def _none() -> ProblemError:
    return ProblemError(Problem.of("no-webhook", title="You have registered no URL", status=404))
