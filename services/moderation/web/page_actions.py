"""What the buttons of the pages do: plain forms, answered with a redirect, that work without script."""

from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Response
from fastapi.responses import RedirectResponse

from services.moderation.desk import Resolved
from services.moderation.domain.access import Right
from services.moderation.domain.looking import Filter
from services.moderation.domain.outcomes import Claimed, NothingWaiting, Proposed, Released, Skipped
from services.moderation.domain.queue import Answer
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
        return await to_next(office, who, wanted, "")

    @router.post("/cases/{case_id}/claim")
    async def claim(who: Annotated[SignedIn, claimer], case_id: CaseId, wanted: Wanted) -> Response:
        outcome = await office.claim(case_id, who.reviewer)
        if isinstance(outcome, Claimed):
            return to_case(case_id, wanted)
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
            return to_queue(wanted, "released")
        return await case_page(parts, who, case_id, wanted, problem=problem_of(outcome))

    @router.post("/cases/{case_id}/skip")
    async def skip(who: Annotated[SignedIn, claimer], case_id: CaseId, wanted: Wanted) -> Response:
        outcome = await office.skip(case_id, who.reviewer)
        if isinstance(outcome, Skipped):
            return await to_next(office, who, wanted, "skipped")
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
        outcome: Annotated[Outcome | Literal["uphold"] | None, Form()] = None,
        label_codes: Annotated[tuple[str, ...], Form()] = (),
        note: Annotated[str, Form(max_length=4000)] = "",
        then: Annotated[str, Form(pattern="^(next|queue)$")] = "next",
    ) -> Response:
        upholds = outcome == "uphold"
        if outcome == "uphold":
            looked = await office.queue.case(case_id)
            appeal = looked.summary.appeal if looked else None
            outcome = appeal.contested if appeal else None
        if outcome is None:
            fault = Problem.of("incomplete-answer", title="Choose publish, label or reject", status=422)
            return await case_page(parts, who, case_id, wanted, problem=fault, note=note)
        labels = label_codes if outcome is Outcome.LABEL and not upholds else ()
        answer = Answer(decision_id, outcome, labels, note.strip(), upholds)
        try:
            done = await office.resolve(case_id, who.reviewer, token, answer)
        except PublishError:
            return await case_page(parts, who, case_id, wanted, problem=kept_not_sent())
        if not isinstance(done, Resolved | Proposed):
            return await case_page(parts, who, case_id, wanted, problem=problem_of(done), note=note)
        notice = "proposed" if isinstance(done, Proposed) else "upheld" if upholds else outcome.value
        if then == "queue":
            return to_queue(wanted, notice, decided=case_id)
        return await to_next(office, who, wanted, notice, decided=case_id)


async def to_next(
    office: Office, who: SignedIn, wanted: Filter, notice: str, *, decided: str = ""
) -> Response:
    """``decided`` is the case that was just decided: the next page offers to undo it."""
    claimed = await office.claim_next(who.reviewer, who.narrow(wanted))
    if isinstance(claimed, NothingWaiting):
        return to_queue(wanted, notice or "nothing", decided=decided)
    return to_case(claimed.case.case_id, wanted, notice, decided=decided)


def to_case(case_id: str, wanted: Filter, notice: str = "", *, decided: str = "") -> Response:
    return RedirectResponse(_address(f"/cases/{case_id}", wanted, notice, decided), 303)


def to_queue(wanted: Filter, notice: str, *, decided: str = "") -> Response:
    return RedirectResponse(_address("/queue", wanted, notice, decided), 303)


def _address(path: str, wanted: Filter, notice: str, decided: str) -> str:
    told = {name: value for name, value in (("notice", notice), ("decided", decided)) if value}
    query = urlencode({**as_query(wanted), **told})
    return f"{path}?{query}" if query else path
