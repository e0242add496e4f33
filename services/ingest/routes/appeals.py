"""``/v1/tracks/{id}/appeals``: a distributor contests the decision on a track of its own."""

from datetime import datetime
from typing import Annotated, Protocol

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from services.ingest.openapi import READ_ERRORS
from services.ingest.routes.caller import CallerIdentity
from services.ingest.routes.tracks import TrackId, TrackViews, own_track
from shared.clock import Clock
from shared.events import AppealDecided, AppealFiled, DecisionMade, DistributorRegistered, Outcome
from shared.http import Problem, ProblemError
from shared.ids import deterministic_id
from shared.stream.envelope import envelope
from shared.stream.publisher import Publisher
from shared.topics import APPEALS
from shared.views.tracks import TrackView

CONTESTABLE = frozenset({Outcome.LABEL, Outcome.REJECT})
"""What restricts a track and is decided; a track in quarantine waits for its first decision by a person."""


class Appeals(Protocol):
    async def record(self, event: AppealFiled) -> None:
        """Into the track's view. Raises LedgerUnavailable."""
        ...


class AppealRequest(BaseModel):
    """Why the decision is wrong, in the distributor's words."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    text: Annotated[str, Field(min_length=20, max_length=4000)]


class AppealAnswer(BaseModel):
    """``state`` is filed, upheld, overturned or lapsed; ``note`` is what the moderator says."""

    model_config = ConfigDict(frozen=True)

    appeal_id: str
    track_id: str
    decision_id: str
    text: str
    filed_at: datetime
    state: str = Field(examples=["filed", "upheld", "overturned", "lapsed"])
    decided_at: datetime | None = None
    note: str = ""

    @classmethod
    def of(cls, filed: AppealFiled, view: TrackView) -> "AppealAnswer":
        ended: AppealDecided | None = next(
            (one for one in view.appeals_decided if one.appeal_id == filed.event_id), None
        )
        return cls(
            appeal_id=filed.event_id,
            track_id=filed.track_id,
            decision_id=filed.decision_id,
            text=filed.text,
            filed_at=filed.occurred_at,
            state=ended.outcome.value if ended else "filed",
            decided_at=ended.occurred_at if ended else None,
            note=ended.note if ended else "",
        )


class AppealList(BaseModel):
    """Newest first. ``may_appeal``: the decision that stands can be contested and was not yet."""

    model_config = ConfigDict(frozen=True)

    appeals: tuple[AppealAnswer, ...]
    may_appeal: bool


def appeal_routes(
    identity: CallerIdentity, views: TrackViews, appeals: Appeals, publisher: Publisher, clock: Clock
) -> APIRouter:
    router = APIRouter(prefix="/v1/tracks", tags=["appeals"], responses=READ_ERRORS)

    @router.post(
        "/{track_id}/appeals",
        status_code=202,
        response_model=AppealAnswer,
        summary="Contest the decision on a track",
    )
    async def appeal(
        caller: Annotated[DistributorRegistered, Depends(identity)],
        track_id: TrackId,
        request: AppealRequest,
    ) -> Response:
        """`202` means kept: the broker has it, and a person who did not decide before will answer.

        One appeal for a decision: a repeat is answered with the first one and `Idempotent-Replayed: true`.
        """
        _, view = await own_track(views, caller, track_id)
        decision = _contestable(view)
        appeal_id = appeal_id_of(decision)
        known = next((one for one in view.appeals if one.event_id == appeal_id), None)
        if known is not None:
            return _answer(known, view, repeated=True)
        filed = AppealFiled(
            event_id=appeal_id,
            occurred_at=clock.now(),
            track_id=track_id,
            decision_id=decision.event_id,
            distributor_id=caller.distributor_id,
            text=request.text,
        )
        await publisher.publish(envelope(APPEALS, filed, source="ingest"))
        await appeals.record(filed)
        return _answer(filed, view, repeated=False)

    @router.get("/{track_id}/appeals", summary="What became of your appeals")
    async def own_appeals(
        caller: Annotated[DistributorRegistered, Depends(identity)], track_id: TrackId
    ) -> AppealList:
        _, view = await own_track(views, caller, track_id)
        decision = view.decision
        contestable = decision is not None and decision.outcome in CONTESTABLE
        contested = decision is not None and any(
            one.event_id == appeal_id_of(decision) for one in view.appeals
        )
        found = tuple(AppealAnswer.of(one, view) for one in reversed(view.appeals))
        return AppealList(appeals=found, may_appeal=contestable and not contested)

    return router


def appeal_id_of(decision: DecisionMade) -> str:
    return deterministic_id("appeal", decision.event_id)


def _contestable(view: TrackView) -> DecisionMade:
    decision = view.decision
    if decision is not None and decision.outcome in CONTESTABLE:
        return decision
    waiting = decision is None or decision.outcome is Outcome.QUARANTINE
    raise ProblemError(
        Problem.of(
            "nothing-to-contest",
            title="There is no decision to contest",
            status=409,
            detail="The track still waits for its decision: a person looks at it."
            if waiting
            else "The track is published without restriction.",
        )
    )


def _answer(filed: AppealFiled, view: TrackView, *, repeated: bool) -> JSONResponse:
    headers = {"Location": f"/v1/tracks/{filed.track_id}/appeals"}
    if repeated:
        headers["Idempotent-Replayed"] = "true"
    return JSONResponse(
        AppealAnswer.of(filed, view).model_dump(mode="json"), status_code=202, headers=headers
    )
