"""What the buttons of the pages do: plain forms, answered with a redirect, that work without script."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Response
from fastapi.responses import RedirectResponse

from services.moderation.desk import Resolved
from services.moderation.domain.access import Right
from services.moderation.domain.queue import Answer, Claimed, Filter, NothingWaiting, Released, Skipped
from services.moderation.web.asking import as_query
from services.moderation.web.cases_api import kept_not_sent
from services.moderation.web.identity import SignedIn
from services.moderation.web.office import Office
from services.moderation.web.pages import CaseId, PageParts, Wanted, case_page
from services.moderation.web.refusals import problem_of
from shared.errors import PublishError
from shared.events import Outcome
from shared.http import Problem


def action_routes(parts: PageParts) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    _claiming(router, parts)
    _deciding(router, parts)
    return router


def _claiming(router: APIRouter, parts: PageParts) -> None:
    office = parts.office
    claimer = Depends(parts.identity.acting(Right.CLAIM))

    @router.post("/cases/next")
    async def claim_next(who: Annotated[SignedIn, claimer], wanted: Wanted) -> Response:
        return await _to_next(office, who, wanted, "")

    @router.post("/cases/{case_id}/claim")
    async def claim(who: Annotated[SignedIn, claimer], case_id: CaseId, wanted: Wanted) -> Response:
        outcome = await office.claim(case_id, who.reviewer)
        if isinstance(outcome, Claimed):
            return _to_case(case_id, wanted)
        return await case_page(parts, who, case_id, wanted, problem=problem_of(outcome))

    @router.post("/cases/{case_id}/release")
    async def release(
        who: Annotated[SignedIn, claimer],
        case_id: CaseId,
        wanted: Wanted,
        token: Annotated[int, Form()],
    ) -> Response:
        outcome = await office.release(case_id, who.reviewer, token)
        if isinstance(outcome, Released):
            return _to_queue(wanted, "released")
        return await case_page(parts, who, case_id, wanted, problem=problem_of(outcome))

    @router.post("/cases/{case_id}/skip")
    async def skip(who: Annotated[SignedIn, claimer], case_id: CaseId, wanted: Wanted) -> Response:
        outcome = await office.skip(case_id, who.reviewer)
        if isinstance(outcome, Skipped):
            return await _to_next(office, who, wanted, "skipped")
        return await case_page(parts, who, case_id, wanted, problem=problem_of(outcome))


def _deciding(router: APIRouter, parts: PageParts) -> None:
    office = parts.office
    decider = Depends(parts.identity.acting(Right.DECIDE))

    @router.post("/cases/{case_id}/resolve")
    async def resolve(
        who: Annotated[SignedIn, decider],
        case_id: CaseId,
        wanted: Wanted,
        token: Annotated[int, Form()],
        decision_id: Annotated[str, Form(max_length=100)],
        outcome: Annotated[Outcome | None, Form()] = None,
        label_codes: Annotated[tuple[str, ...], Form()] = (),
        note: Annotated[str, Form(max_length=4000)] = "",
        then: Annotated[str, Form(pattern="^(next|queue)$")] = "next",
    ) -> Response:
        if outcome is None:
            fault = Problem.of("incomplete-answer", title="Choose publish, label or reject", status=422)
            return await case_page(parts, who, case_id, wanted, problem=fault, note=note)
        labels = label_codes if outcome is Outcome.LABEL else ()
        answer = Answer(decision_id, outcome, labels, note.strip())
        try:
            done = await office.resolve(case_id, who.reviewer, token, answer)
        except PublishError:
            return await case_page(parts, who, case_id, wanted, problem=kept_not_sent())
        if not isinstance(done, Resolved):
            return await case_page(parts, who, case_id, wanted, problem=problem_of(done), note=note)
        if then == "queue":
            return _to_queue(wanted, outcome.value)
        return await _to_next(office, who, wanted, outcome.value)


async def _to_next(office: Office, who: SignedIn, wanted: Filter, notice: str) -> Response:
    claimed = await office.claim_next(who.reviewer, who.narrow(wanted))
    if isinstance(claimed, NothingWaiting):
        return _to_queue(wanted, notice or "nothing")
    return _to_case(claimed.case.case_id, wanted, notice)


def _to_case(case_id: str, wanted: Filter, notice: str = "") -> Response:
    return RedirectResponse(_address(f"/cases/{case_id}", wanted, notice), 303)


def _to_queue(wanted: Filter, notice: str) -> Response:
    return RedirectResponse(_address("/queue", wanted, notice), 303)


def _address(path: str, wanted: Filter, notice: str) -> str:
    query = urlencode({**as_query(wanted), **({"notice": notice} if notice else {})})
    return f"{path}?{query}" if query else path
