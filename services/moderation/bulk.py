"""One answer for many cases: previewed, counted, cancelled, undone; each case by the same steps as by hand.

A run claims a case, answers under that claim, goes on. Claims, tokens, queues, labels and the second person
hold for each case: what a person could not decide alone is left out and counted by why.
"""

import asyncio
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import structlog

from services.moderation import metrics
from services.moderation.desk import Resolved
from services.moderation.domain.access import Queues, Reviewer
from services.moderation.domain.bulk import (
    MOST,
    STARTABLE,
    Answering,
    Beat,
    Job,
    Jobs,
    JobState,
    Planned,
)
from services.moderation.domain.cases import Case, CaseState, review_id_of
from services.moderation.domain.looking import Filter
from services.moderation.domain.outcomes import Claimed, Undone
from services.moderation.domain.queue import Answer
from services.moderation.web.office import Office
from shared.clock import Clock
from shared.errors import TrackgateError

log = structlog.get_logger()
_PAGE = 200
_LOOK_AGAIN_SECONDS = 0.1
_CHANGED = "changed meanwhile"


class Bulk:
    """``undo`` is the window in which each answer of a job can be taken back."""

    def __init__(self, office: Office, jobs: Jobs, queues: Queues, clock: Clock, *, undo: timedelta) -> None:
        self._office = office
        self.jobs = jobs
        self._queues = queues
        self._clock = clock
        self.undo_window = undo
        self._running: set[asyncio.Task[Job]] = set()

    async def preview(
        self, reviewer: Reviewer, answer: Answer, *, wanted: Filter, case_ids: Sequence[str] = ()
    ) -> Job:
        """A job over these cases or, without any, over those that fit; at most ``MOST``, nothing done yet."""
        found, more = await self._named(case_ids) if case_ids else await self._fitting(reviewer, wanted)
        fits: list[Planned] = []
        left: Counter[str] = Counter()
        for case in found:
            why = self._why_not(case, reviewer, answer)
            if why is None:
                about = case.summary
                fits.append(Planned(case.case_id, about.decision_id, about.title, about.artist))
            else:
                left[why] += 1
        job = Job(
            job_id=str(uuid.uuid4()),
            reviewer_id=reviewer.reviewer_id,
            outcome=answer.outcome,
            label_codes=answer.label_codes,
            note=answer.note,
            total=len(fits),
            made_at=self._clock.now(),
            more=more,
            left_out=_counted(left),
        )
        await self.jobs.plan(job, fits)
        return job

    async def start(self, job: Job, reviewer: Reviewer) -> Job | None:
        """Run it in the background, from where it stopped; None: it runs already, or is over."""
        if job.state not in STARTABLE:
            return None
        run_id = str(uuid.uuid4())
        job = replace(job, state=JobState.RUNNING, started_at=job.started_at or self._clock.now())
        if not await self.jobs.begin(job, run_id):
            return None
        await self._office.audit.record(
            "bulk_started", reviewer_id=reviewer.reviewer_id, job_id=job.job_id, count=job.total
        )
        task = asyncio.create_task(self._run(job, reviewer, run_id))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return job

    async def undo(self, job: Job, reviewer: Reviewer) -> Job:
        """Stop the job and take back what has not been sent; the cases are free again."""
        await self._office.audit.record(
            "bulk_undone", reviewer_id=reviewer.reviewer_id, job_id=job.job_id, count=job.done
        )
        await self.jobs.cancel(job.job_id)
        job = await self._stopped(job)
        undone = 0
        for answering in await self.jobs.answers(job.job_id):
            outcome = await self._office.undo(answering.case_id, reviewer, answering.event_id)
            if isinstance(outcome, Undone):
                undone += 1
                await self._office.release(answering.case_id, reviewer, outcome.claim.token)
        metrics.BULK.labels("undone").inc(undone)
        job = replace(job, state=JobState.UNDONE, undone=job.undone + undone)
        await self.jobs.keep(job)
        return job

    async def _stopped(self, job: Job) -> Job:
        """The job once its run has noticed, or has lost its lease."""
        while job.state is JobState.RUNNING:
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)
            job = await self.jobs.find(job.job_id) or replace(job, state=JobState.INTERRUPTED)
        return job

    async def _run(self, job: Job, reviewer: Reviewer, run_id: str) -> Job:
        before = {one.case_id: one.event_id for one in await self.jobs.answers(job.job_id)}
        left = Counter(dict(job.left_out))
        left.pop(_CHANGED, None)  # an earlier run's: each of them is looked at again
        done = 0
        for planned in await self.jobs.planned(job.job_id):
            job = replace(job, done=done, left_out=_counted(left))
            match await self.jobs.beat(job, run_id):
                case Beat.LOST:
                    return job
                case Beat.CANCELLED:
                    job = replace(job, state=JobState.CANCELLED)
                    break
                case _:
                    answered = await self._once(job, planned, reviewer, before.get(planned.case_id))
                    metrics.BULK.labels("answered" if answered else "left").inc()
                    done += answered
                    left[_CHANGED] += not answered
        else:
            job = replace(job, done=done, left_out=_counted(left), state=JobState.FINISHED)
        await self.jobs.end(job, run_id)
        return job

    async def _once(self, job: Job, planned: Planned, reviewer: Reviewer, before: str | None) -> bool:
        """Whether the case has this job's answer now; ``before`` is the answer that an earlier run meant."""
        try:
            if before is not None and await self._answered(planned, before):
                return True
            return await self._answer(job, planned, reviewer)
        except TrackgateError as error:
            log.warning("a case of a bulk action was not answered", case_id=planned.case_id, why=str(error))
            return False

    async def _answered(self, planned: Planned, event_id: str) -> bool:
        case = await self._office.queue.case(planned.case_id)
        return case is not None and case.resolution is not None and case.resolution.event_id == event_id

    async def _answer(self, job: Job, planned: Planned, reviewer: Reviewer) -> bool:
        claimed = await self._office.claim(planned.case_id, reviewer)
        if not isinstance(claimed, Claimed):
            return False
        token, summary = claimed.claim.token, claimed.case.summary
        answer = replace(job.answer, decision_id=planned.decision_id)
        if summary.decision_id == planned.decision_id and not (summary.second_person and answer.releases):
            answering = Answering(planned.case_id, review_id_of(planned.case_id, token))
            await self.jobs.answering(job.job_id, answering)
            done = await self._office.resolve(planned.case_id, reviewer, token, answer, undo=self.undo_window)
            if isinstance(done, Resolved):
                return True
        await self._office.release(planned.case_id, reviewer, token)
        return False

    def _why_not(self, case: Case, reviewer: Reviewer, answer: Answer) -> str | None:  # noqa: PLR0911 - one for each reason
        if case.state is not CaseState.OPEN:
            return "decided already"
        if not self._queues.open_to(reviewer, case):
            return "in a queue that is not yours"
        if case.claim is not None:
            return "claimed"
        if case.summary.appeal is not None:
            return "an appeal is answered one by one"
        if case.summary.second_person and answer.releases:
            return "needs a second person"
        if case.proposal is not None:
            return "waits for a second person"
        if case.barred(reviewer.reviewer_id):
            return "you decided before"
        return None

    async def _named(self, case_ids: Sequence[str]) -> tuple[list[Case], bool]:
        wanted = list(dict.fromkeys(case_ids))
        cases = [await self._office.queue.case(case_id) for case_id in wanted[:MOST]]
        return [case for case in cases if case is not None], len(wanted) > MOST

    async def _fitting(self, reviewer: Reviewer, wanted: Filter) -> tuple[list[Case], bool]:
        found: list[Case] = []
        after = None
        while len(found) < MOST:
            page = await self._office.queue.page(reviewer.reviewer_id, wanted, limit=_PAGE, after=after)
            found += page.cases
            after = page.after
            if after is None:
                break
        return found[:MOST], after is not None


def _counted(left: Counter[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted((why, count) for why, count in left.items() if count))
