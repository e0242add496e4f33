"""What the buttons of the pages do: plain forms, answered with a redirect, that work without script."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from services.moderation.desk import Resolved
from services.moderation.domain.access import Right
from services.moderation.domain.queue import Answer, Claimed, Filter, NothingWaiting, Released, Skipped
from services.moderation.web.asking import as_query
from services.moderation.web.cases_api import kept_not_sent
from services.moderation.web.identity import Identity, SignedIn, require, require_csrf
from services.moderation.web.office import Office
from services.moderation.web.pages import CaseId, PageParts, SignInNeeded, Wanted, case_page
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

    @router.post("/cases/next")
    async def claim_next(request: Request, wanted: Wanted, csrf: Annotated[str, Form()] = "") -> Response:
        who = await _acting(parts.identity, request, csrf, Right.CLAIM)
        return await _to_next(office, who, wanted, "")

    @router.post("/cases/{case_id}/claim")
    async def claim(
        request: Request, case_id: CaseId, wanted: Wanted, csrf: Annotated[str, Form()] = ""
    ) -> Response:
        who = await _acting(parts.identity, request, csrf, Right.CLAIM)
        outcome = await office.claim(case_id, who.reviewer)
        if isinstance(outcome, Claimed):
            return _to_case(case_id, wanted)
        return await case_page(parts, who, case_id, wanted, problem=problem_of(outcome))

    @router.post("/cases/{case_id}/release")
    async def release(
        request: Request,
        case_id: CaseId,
        wanted: Wanted,
        token: Annotated[int, Form()],
        csrf: Annotated[str, Form()] = "",
    ) -> Response:
        who = await _acting(parts.identity, request, csrf, Right.CLAIM)
        outcome = await office.release(case_id, who.reviewer, token)
        if isinstance(outcome, Released):
            return _to_queue(wanted, "released")
        return await case_page(parts, who, case_id, wanted, problem=problem_of(outcome))

    @router.post("/cases/{case_id}/skip")
    async def skip(
        request: Request, case_id: CaseId, wanted: Wanted, csrf: Annotated[str, Form()] = ""
    ) -> Response:
        who = await _acting(parts.identity, request, csrf, Right.CLAIM)
        outcome = await office.skip(case_id, who.reviewer)
        if isinstance(outcome, Skipped):
            return await _to_next(office, who, wanted, "skipped")
        return await case_page(parts, who, case_id, wanted, problem=problem_of(outcome))


def _deciding(router: APIRouter, parts: PageParts) -> None:
    office = parts.office

    @router.post("/cases/{case_id}/resolve")
    async def resolve(
        request: Request,
        case_id: CaseId,
        wanted: Wanted,
        token: Annotated[int, Form()],
        decision_id: Annotated[str, Form(max_length=100)],
        outcome: Annotated[Outcome | None, Form()] = None,
        label_codes: Annotated[tuple[str, ...], Form()] = (),
        note: Annotated[str, Form(max_length=4000)] = "",
        csrf: Annotated[str, Form()] = "",
        then: Annotated[str, Form(pattern="^(next|queue)$")] = "next",
    ) -> Response:
        who = await _acting(parts.identity, request, csrf, Right.DECIDE)
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


async def _acting(identity: Identity, request: Request, csrf: str, right: Right) -> SignedIn:
    signed_in = await identity.find(request)
    if signed_in is None:
        raise SignInNeeded
    require_csrf(signed_in, csrf)
    require(signed_in.reviewer, right)
    return signed_in


async def _to_next(office: Office, who: SignedIn, wanted: Filter, notice: str) -> Response:
    claimed = await office.claim_next(who.reviewer, wanted)
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
