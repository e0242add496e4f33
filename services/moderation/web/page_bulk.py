"""Bulk actions as pages: choose an answer, look at what it would do, start it, watch, cancel, undo."""

from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Query, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from services.moderation.bulk import Bulk
from services.moderation.domain.access import Right
from services.moderation.domain.bulk import MOST, STARTABLE
from services.moderation.domain.looking import Filter
from services.moderation.web.asking import as_query
from services.moderation.web.bulk_api import BulkRequest, JobId, own_job, previewed, started
from services.moderation.web.identity import SignedIn
from services.moderation.web.pages import PageParts, Wanted, common
from shared.http import Problem, ProblemError

_SHOWN = 50
CaseIds = Annotated[list[str], Query(max_length=MOST, alias="case")]


def bulk_page_routes(parts: PageParts, bulk: Bulk) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    _choosing(router, parts, bulk)
    _running(router, parts, bulk)
    return router


def _choosing(router: APIRouter, parts: PageParts, bulk: Bulk) -> None:
    looking = Depends(parts.identity.visiting(Right.BULK))
    acting = Depends(parts.identity.acting(Right.BULK))

    async def form(
        who: SignedIn, wanted: Filter, chosen: list[str], *, problem: Problem | None = None, note: str = ""
    ) -> Response:
        values = {
            **common(who, ""),
            "labels": parts.labels,
            "chosen": chosen,
            "wanted": wanted,
            "query": urlencode(as_query(wanted)),
            "most": MOST,
            "problem": problem,
            "note": note,
            "jobs": await bulk.jobs.of(who.reviewer.reviewer_id),
        }
        return parts.pages.answer("bulk.html", values, status=problem.status if problem else 200)

    @router.get("/bulk")
    async def choose(who: Annotated[SignedIn, looking], wanted: Wanted, case: CaseIds = []) -> Response:  # noqa: B006 - FastAPI copies it
        """``case``: the cases that were marked in the queue; without any, all that fit the filter."""
        return await form(who, wanted, case)

    @router.post("/bulk")
    async def preview(
        who: Annotated[SignedIn, acting],
        wanted: Wanted,
        case: Annotated[list[str], Form(max_length=MOST)] = [],  # noqa: B006 - FastAPI copies it
        outcome: Annotated[Literal["publish", "label", "reject"] | None, Form()] = None,
        label_codes: Annotated[list[str], Form()] = [],  # noqa: B006 - FastAPI copies it
        note: Annotated[str, Form(max_length=4000)] = "",
    ) -> Response:
        if outcome is None:
            fault = Problem.of("incomplete-answer", title="Choose publish, label or reject", status=422)
            return await form(who, wanted, case, problem=fault, note=note)
        labels = label_codes if outcome == "label" else []
        try:
            asked = BulkRequest.model_validate(
                {"outcome": outcome, "label_codes": labels, "note": note, "case_ids": case}
            )
            job = await previewed(bulk, who, wanted, asked)
        except ValidationError:
            fault = Problem.of("invalid-request", title="The request is not valid", status=422)
            return await form(who, wanted, case, problem=fault, note=note)
        except ProblemError as refused:
            return await form(who, wanted, case, problem=refused.problem, note=note)
        return _to(job.job_id)


def _running(router: APIRouter, parts: PageParts, bulk: Bulk) -> None:
    looking = Depends(parts.identity.visiting(Right.BULK))
    acting = Depends(parts.identity.acting(Right.BULK))

    async def page(who: SignedIn, job_id: str, problem: Problem | None = None) -> Response:
        job = await own_job(bulk, who, job_id)
        names = {label.code: label.text for label in parts.labels}
        values = {
            **common(who, ""),
            "job": job,
            "cases": (await bulk.jobs.planned(job_id))[:_SHOWN],
            "label_names": [names.get(code, code) for code in job.label_codes],
            "undo_until": job.started_at + bulk.undo_window if job.started_at else None,
            "startable": job.state in STARTABLE,
            "most": MOST,
            "problem": problem,
        }
        return parts.pages.answer("bulk_job.html", values, status=problem.status if problem else 200)

    @router.get("/bulk/{job_id}")
    async def watch(who: Annotated[SignedIn, looking], job_id: JobId) -> Response:
        return await page(who, job_id)

    @router.post("/bulk/{job_id}/start")
    async def start(
        who: Annotated[SignedIn, acting], job_id: JobId, expected: Annotated[int, Form()]
    ) -> Response:
        try:
            await started(bulk, who, job_id, expected=expected)
        except ProblemError as refused:
            return await page(who, job_id, refused.problem)
        return _to(job_id)

    @router.post("/bulk/{job_id}/cancel")
    async def cancel(who: Annotated[SignedIn, acting], job_id: JobId) -> Response:
        await bulk.jobs.cancel((await own_job(bulk, who, job_id)).job_id)
        return _to(job_id)

    @router.post("/bulk/{job_id}/undo")
    async def undo(who: Annotated[SignedIn, acting], job_id: JobId) -> Response:
        await bulk.undo(await own_job(bulk, who, job_id), who.reviewer)
        return _to(job_id)


def _to(job_id: str) -> Response:
    return RedirectResponse(f"/bulk/{job_id}", 303)
