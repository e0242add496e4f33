"""The forms of the pages that hand a case on: escalate, confirm, send back, undo."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Response

from services.moderation.desk import Resolved
from services.moderation.domain.access import Right
from services.moderation.domain.outcomes import Escalated, SentBack, Undone
from services.moderation.web.cases_api import kept_not_sent
from services.moderation.web.identity import SignedIn
from services.moderation.web.page_actions import to_case, to_next, to_queue
from services.moderation.web.pages import CaseId, PageParts, Wanted, case_page
from services.moderation.web.refusals import problem_of
from shared.errors import PublishError
from shared.http import Problem

_UNSAID = Problem.of("incomplete-answer", title="Say why in a word", status=422)
Token = Annotated[int, Form()]
Word = Annotated[str, Form(max_length=1000)]


def passing_action_routes(parts: PageParts) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    _handing_on(router, parts)
    _second_person(router, parts)
    return router


def _handing_on(router: APIRouter, parts: PageParts) -> None:
    office = parts.office
    decider = Depends(parts.identity.acting(Right.DECIDE))

    @router.post("/cases/{case_id}/escalate")
    async def escalate(
        who: Annotated[SignedIn, decider], case_id: CaseId, wanted: Wanted, token: Token, word: Word = ""
    ) -> Response:
        if not word.strip():
            return await case_page(parts, who, case_id, wanted, problem=_UNSAID)
        outcome = await office.escalate(case_id, who.reviewer, token, word.strip())
        if isinstance(outcome, Escalated):
            return await to_next(office, who, wanted, "escalated")
        return await case_page(parts, who, case_id, wanted, problem=problem_of(outcome))

    @router.post("/cases/{case_id}/undo")
    async def undo(
        who: Annotated[SignedIn, decider],
        case_id: CaseId,
        wanted: Wanted,
        event_id: Annotated[str, Form(max_length=100)],
    ) -> Response:
        outcome = await office.undo(case_id, who.reviewer, event_id)
        if isinstance(outcome, Undone):
            return to_case(case_id, wanted, "undone")
        return await case_page(parts, who, case_id, wanted, problem=problem_of(outcome))


def _second_person(router: APIRouter, parts: PageParts) -> None:
    office = parts.office
    second = Depends(parts.identity.acting(Right.SECOND))

    @router.post("/cases/{case_id}/confirm")
    async def confirm(
        who: Annotated[SignedIn, second],
        case_id: CaseId,
        wanted: Wanted,
        token: Token,
        proposal_id: Annotated[str, Form(max_length=100)],
    ) -> Response:
        try:
            outcome = await office.confirm(case_id, who.reviewer, token, proposal_id)
        except PublishError:
            return await case_page(parts, who, case_id, wanted, problem=kept_not_sent())
        if isinstance(outcome, Resolved):
            return await to_next(office, who, wanted, "confirmed", decided=case_id)
        return await case_page(parts, who, case_id, wanted, problem=problem_of(outcome))

    @router.post("/cases/{case_id}/send-back")
    async def send_back(
        who: Annotated[SignedIn, second],
        case_id: CaseId,
        wanted: Wanted,
        token: Token,
        proposal_id: Annotated[str, Form(max_length=100)],
        word: Word = "",
    ) -> Response:
        if not word.strip():
            return await case_page(parts, who, case_id, wanted, problem=_UNSAID)
        outcome = await office.send_back(case_id, who.reviewer, token, proposal_id, word.strip())
        if isinstance(outcome, SentBack):
            return to_queue(wanted, "sent_back")
        return await case_page(parts, who, case_id, wanted, problem=problem_of(outcome))
