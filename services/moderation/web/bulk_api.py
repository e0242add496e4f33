"""Bulk actions: look first, then start, watch, cancel, undo."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict, Field

from services.moderation.bulk import Bulk
from services.moderation.desk import Incomplete
from services.moderation.domain.access import Right
from services.moderation.domain.bulk import MOST, Job, JobState
from services.moderation.domain.looking import Filter
from services.moderation.domain.queue import Answer
from services.moderation.web.asking import wanted_filter
from services.moderation.web.identity import Identity, SignedIn
from services.moderation.web.refusals import problem_of
from shared.events import Outcome
from shared.events.base import Slug
from shared.http import Problem, ProblemError

Wanted = Annotated[Filter, Depends(wanted_filter)]
JobId = Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$")]
_TITLES = 10


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
        return Answer("", self.outcome, self.label_codes, self.note.strip())


class StartRequest(_Model):
    """``expected`` is the count that the preview showed: with another one nothing is started."""

    expected: int


class JobAnswer(_Model):
    """``state`` previewed: nothing is done yet. ``more``: further cases fit than one action takes."""

    job_id: str
    state: JobState
    outcome: Outcome
    total: int
    done: int
    undone: int
    more: bool
    left_out: dict[str, int]
    made_at: datetime
    started_at: datetime | None
    undo_until: datetime | None = Field(description="from then on the first answers are sent")

    @classmethod
    def of(cls, job: Job, bulk: Bulk) -> "JobAnswer":
        return cls(
            job_id=job.job_id,
            state=job.state,
            outcome=job.outcome,
            total=job.total,
            done=job.done,
            undone=job.undone,
            more=job.more,
            left_out=dict(job.left_out),
            made_at=job.made_at,
            started_at=job.started_at,
            undo_until=job.started_at + bulk.undo_window if job.started_at else None,
        )


class PreviewAnswer(_Model):
    job: JobAnswer
    titles: tuple[str, ...] = Field(description="of the first ten")


def bulk_routes(identity: Identity, bulk: Bulk) -> APIRouter:
    router = APIRouter(prefix="/v1/bulk", tags=["bulk"])
    allowed = Depends(identity.allowed(Right.BULK))

    @router.post("", status_code=201, summary="What a bulk action would do; nothing is done")
    async def preview(who: Annotated[SignedIn, allowed], wanted: Wanted, asked: BulkRequest) -> PreviewAnswer:
        job = await previewed(bulk, who, wanted, asked)
        titles = tuple(case.title for case in (await bulk.jobs.planned(job.job_id))[:_TITLES])
        return PreviewAnswer(job=JobAnswer.of(job, bulk), titles=titles)

    @router.get("", summary="Your bulk actions of the last day, newest first")
    async def jobs(who: Annotated[SignedIn, allowed]) -> tuple[JobAnswer, ...]:
        return tuple(JobAnswer.of(job, bulk) for job in await bulk.jobs.of(who.reviewer.reviewer_id))

    @router.get("/{job_id}", summary="How far a bulk action is")
    async def job(who: Annotated[SignedIn, allowed], job_id: JobId) -> JobAnswer:
        return JobAnswer.of(await own_job(bulk, who, job_id), bulk)

    @router.post("/{job_id}/start", status_code=202, summary="Start it, or go on where it stopped")
    async def start(who: Annotated[SignedIn, allowed], job_id: JobId, asked: StartRequest) -> JobAnswer:
        return JobAnswer.of(await started(bulk, who, job_id, expected=asked.expected), bulk)

    @router.post("/{job_id}/cancel", status_code=204, summary="Stop; what is answered stays")
    async def cancel(who: Annotated[SignedIn, allowed], job_id: JobId) -> None:
        await bulk.jobs.cancel((await own_job(bulk, who, job_id)).job_id)

    @router.post("/{job_id}/undo", summary="Stop, and take back what has not been sent")
    async def undo(who: Annotated[SignedIn, allowed], job_id: JobId) -> JobAnswer:
        job = await own_job(bulk, who, job_id)
        return JobAnswer.of(await bulk.undo(job, who.reviewer), bulk)

    return router


async def previewed(bulk: Bulk, who: SignedIn, wanted: Filter, asked: BulkRequest) -> Job:
    """What is wrong with the answer is wrong for each case: it is told before anything is looked for.

    Raises:
        ProblemError: the answer is incomplete, or not this person's to give.
    """
    if (fault := _fault(asked)) is not None:
        raise ProblemError(problem_of(fault))
    _may_put(who, asked.label_codes)
    return await bulk.preview(who.reviewer, asked.answer, wanted=who.narrow(wanted), case_ids=asked.case_ids)


async def started(bulk: Bulk, who: SignedIn, job_id: str, *, expected: int) -> Job:
    """Raises ProblemError: another count was shown, it runs already, or it is over."""
    job = await own_job(bulk, who, job_id)
    _may_put(who, job.label_codes)
    if job.total != expected:
        changed = Problem.of(
            "preview-changed", title=f"It would be {job.total} cases, not {expected}", status=409
        )
        raise ProblemError(changed)
    running = await bulk.start(job, who.reviewer)
    if running is None:
        raise ProblemError(Problem.of("not-startable", title="It runs already, or is over", status=409))
    return running


async def own_job(bulk: Bulk, who: SignedIn, job_id: str) -> Job:
    job = await bulk.jobs.find(job_id)
    if job is None or job.reviewer_id != who.reviewer.reviewer_id:
        raise ProblemError(Problem.of("no-such-job", title="You started no such bulk action", status=404))
    return job


def _may_put(who: SignedIn, label_codes: tuple[str, ...]) -> None:
    if who.reviewer.may_not_put(label_codes):
        raise ProblemError(Problem.of("not-your-label", title="You may not put this label", status=403))


def _fault(asked: BulkRequest) -> Incomplete | None:
    if asked.outcome is Outcome.QUARANTINE:
        return Incomplete("outcome", "choose publish, label or reject")
    if asked.outcome is Outcome.REJECT and not asked.note.strip():
        return Incomplete("note", "say why: the distributors are told the reason")
    if asked.outcome is Outcome.LABEL and not asked.label_codes:
        return Incomplete("label_codes", "choose at least one label")
    if asked.outcome is not Outcome.LABEL and asked.label_codes:
        return Incomplete("label_codes", "labels go with the outcome `label` only")
    return None
