"""Handing a case on: to the seniors, to and from a second person, and back to oneself."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from services.moderation.desk import Resolved
from services.moderation.domain.access import Right
from services.moderation.domain.outcomes import Escalated, SentBack, Undone
from services.moderation.web.answers import ClaimAnswer, ResolvedAnswer
from services.moderation.web.cases_api import kept_not_sent
from services.moderation.web.identity import Identity, SignedIn
from services.moderation.web.office import Office
from services.moderation.web.pages import CaseId
from services.moderation.web.refusals import problem_of
from shared.errors import PublishError
from shared.http import ProblemError

Word = Annotated[str, Field(min_length=1, max_length=1000)]


class _Request(BaseModel):
    model_config = ConfigDict(frozen=True)


class EscalateRequest(_Request):
    token: int
    note: Word


class ConfirmRequest(_Request):
    """``proposal_id`` is the proposal that the second person looked at."""

    token: int
    proposal_id: str


class SendBackRequest(ConfirmRequest):
    note: Word


class UndoRequest(_Request):
    """``event_id`` of the resolution, or ``proposal_id`` of the proposal."""

    event_id: str


def passing_routes(identity: Identity, office: Office) -> APIRouter:
    router = APIRouter(prefix="/v1/cases", tags=["cases"])
    decider = Depends(identity.allowed(Right.DECIDE))
    second = Depends(identity.allowed(Right.SECOND))

    @router.post("/{case_id}/escalate", status_code=204, summary="Hand a case to the seniors")
    async def escalate(who: Annotated[SignedIn, decider], case_id: CaseId, request: EscalateRequest) -> None:
        outcome = await office.escalate(case_id, who.reviewer, request.token, request.note.strip())
        if not isinstance(outcome, Escalated):
            raise ProblemError(problem_of(outcome))

    @router.post("/{case_id}/confirm", summary="Agree, as the second person, with what was proposed")
    async def confirm(
        who: Annotated[SignedIn, second], case_id: CaseId, request: ConfirmRequest
    ) -> ResolvedAnswer:
        try:
            outcome = await office.confirm(case_id, who.reviewer, request.token, request.proposal_id)
        except PublishError as error:
            raise ProblemError(kept_not_sent(), {"Retry-After": "15"}) from error
        if not isinstance(outcome, Resolved):
            raise ProblemError(problem_of(outcome))
        return ResolvedAnswer(case_id=case_id, resolution=outcome.resolution)

    @router.post("/{case_id}/send-back", status_code=204, summary="Do not agree: back to the queue")
    async def send_back(who: Annotated[SignedIn, second], case_id: CaseId, request: SendBackRequest) -> None:
        outcome = await office.send_back(
            case_id, who.reviewer, request.token, request.proposal_id, request.note.strip()
        )
        if not isinstance(outcome, SentBack):
            raise ProblemError(problem_of(outcome))

    @router.post("/{case_id}/undo", summary="Take back your decision before it is sent")
    async def undo(who: Annotated[SignedIn, decider], case_id: CaseId, request: UndoRequest) -> ClaimAnswer:
        outcome = await office.undo(case_id, who.reviewer, request.event_id)
        if not isinstance(outcome, Undone):
            raise ProblemError(problem_of(outcome))
        return ClaimAnswer(case_id=case_id, token=outcome.claim.token, until=outcome.claim.until)

    return router
