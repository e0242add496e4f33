"""Bulk actions: look first, then start, watch, cancel, undo."""

import asyncio
import uuid
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict, Field

from services.moderation.bulk import MOST, Bulk, Job
from services.moderation.domain.access import Right
from services.moderation.domain.queue import Answer, Filter
from services.moderation.web.asking import wanted_filter
from services.moderation.web.identity import Identity, SignedIn
from shared.clock import Clock
from shared.events import Outcome
from shared.events.base import Slug
from shared.http import Problem, ProblemError

Wanted = Annotated[Filter, Depends(wanted_filter)]
JobId = Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$")]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True)


class BulkRequest(_Model):
    """Cases by id; without any, those that the query's filter finds."""

    outcome: Outcome
    label_codes: tuple[Slug, ...] = ()
    note: Annotated[str, Field(max_length=4000)] = ""
    case_ids: Annotated[tuple[str, ...], Field(max_length=MOST)] = ()

    @property
    def answer(self) -> Answer:
        return Answer("", self.outcome, self.label_codes, self.note)


class StartRequest(BulkRequest):
    """``expected`` is the count that the preview showed: with another one nothing is started."""

    expected: int


class PreviewAnswer(_Model):
    count: int
    titles: tuple[str, ...] = Field(description="of the first ten")
    left_out: dict[str, int]


class JobAnswer(_Model):
    job_id: str
    state: str
    total: int
    done: int
    undone: int
    left_out: dict[str, int]
    started_at: datetime

    @classmethod
    def of(cls, job: Job) -> "JobAnswer":
        return cls(
            job_id=job.job_id,
            state=job.state.value,
            total=job.total,
            done=job.done,
            undone=job.undone,
            left_out=dict(job.left_out),
            started_at=job.started_at,
        )


def bulk_routes(identity: Identity, bulk: Bulk, clock: Clock) -> APIRouter:
    router = APIRouter(prefix="/v1/bulk", tags=["bulk"])
    allowed = Depends(identity.allowed(Right.BULK))
    running: set[asyncio.Task[Job]] = set()

    @router.post("/preview", summary="What a bulk action would do")
    async def preview(who: Annotated[SignedIn, allowed], wanted: Wanted, asked: BulkRequest) -> PreviewAnswer:
        _check(who, asked)
        found = await bulk.preview(
            who.reviewer, asked.answer, wanted=who.narrow(wanted), case_ids=asked.case_ids
        )
        titles = tuple(case.summary.title for case in found.cases[:10])
        return PreviewAnswer(count=len(found.cases), titles=titles, left_out=dict(found.left_out))

    @router.post("", status_code=202, summary="Start a bulk action")
    async def start(who: Annotated[SignedIn, allowed], wanted: Wanted, asked: StartRequest) -> JobAnswer:
        _check(who, asked)
        found = await bulk.preview(
            who.reviewer, asked.answer, wanted=who.narrow(wanted), case_ids=asked.case_ids
        )
        if len(found.cases) != asked.expected:
            raise ProblemError(
                Problem.of(
                    "preview-changed",
                    title=f"It would be {len(found.cases)} cases now, not {asked.expected}",
                    status=409,
                )
            )
        job = Job(
            str(uuid.uuid4()),
            who.reviewer.reviewer_id,
            len(found.cases),
            clock.now(),
            left_out=found.left_out,
        )
        await bulk.jobs.keep(job)
        task = asyncio.create_task(bulk.run(job, who.reviewer, asked.answer, found.cases))
        running.add(task)
        task.add_done_callback(running.discard)
        return JobAnswer.of(job)

    @router.get("/{job_id}", summary="How far a bulk action is")
    async def job(who: Annotated[SignedIn, allowed], job_id: JobId) -> JobAnswer:
        return JobAnswer.of(await _own(bulk, who, job_id))

    @router.post("/{job_id}/cancel", status_code=204, summary="Stop; what is answered stays")
    async def cancel(who: Annotated[SignedIn, allowed], job_id: JobId) -> None:
        await bulk.jobs.cancel((await _own(bulk, who, job_id)).job_id)

    @router.post("/{job_id}/undo", summary="Stop, and take back what has not been sent")
    async def undo(who: Annotated[SignedIn, allowed], job_id: JobId) -> JobAnswer:
        return JobAnswer.of(await bulk.undo(await _own(bulk, who, job_id), who.reviewer))

    return router


def _check(who: SignedIn, asked: BulkRequest) -> None:
    """What is wrong with the answer is wrong for each case: it is told before anything starts."""
    fault = None
    if asked.outcome is Outcome.QUARANTINE:
        fault = "choose publish, label or reject"
    elif asked.outcome is Outcome.REJECT and not asked.note.strip():
        fault = "say why: the distributors are told the reason"
    elif (asked.outcome is Outcome.LABEL) != bool(asked.label_codes):
        fault = "labels go with the outcome `label`, and only with it"
    if fault is not None:
        raise ProblemError(Problem.of("incomplete-answer", title=fault, status=422))
    if who.reviewer.may_not_put(asked.label_codes):
        raise ProblemError(Problem.of("not-your-label", title="You may not put this label", status=403))


async def _own(bulk: Bulk, who: SignedIn, job_id: str) -> Job:
    job = await bulk.jobs.find(job_id)
    if job is None or job.reviewer_id != who.reviewer.reviewer_id:
        raise ProblemError(Problem.of("no-such-job", title="You started no such bulk action", status=404))
    return job
