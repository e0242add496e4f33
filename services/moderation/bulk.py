"""One answer for many cases: previewed, counted, cancelled, undone; each case by the same steps as by hand.

A job claims a case, answers under that claim, goes on. Claims, tokens, queues, labels and the second person
hold for each case: what a person could not decide alone is left out and counted by why.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

import structlog

from services.moderation.desk import Resolved
from services.moderation.domain.access import Queues, Reviewer
from services.moderation.domain.cases import Case, CaseState
from services.moderation.domain.queue import Answer, Claimed, Filter, Undone
from services.moderation.web.office import Office
from shared.errors import TrackgateError

log = structlog.get_logger()
MOST = 1_000
_PAGE = 200


class JobState(StrEnum):
    RUNNING = "running"
    CANCELLED = "cancelled"
    FINISHED = "finished"
    UNDONE = "undone"


@dataclass(frozen=True)
class Job:
    """``left_out`` counts cases by why. ``undone`` counts those taken back."""

    job_id: str
    reviewer_id: str
    total: int
    started_at: datetime
    state: JobState = JobState.RUNNING
    done: int = 0
    undone: int = 0
    left_out: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Preview:
    """The cases that an answer would be given to, and how many are left out and why."""

    cases: tuple[Case, ...]
    left_out: tuple[tuple[str, int], ...]


class Jobs(Protocol):
    """Where jobs are kept while they run and until they can no longer be undone."""

    async def keep(self, job: Job) -> None: ...

    async def find(self, job_id: str) -> Job | None: ...

    async def answered(self, job_id: str, case_id: str, event_id: str) -> None: ...

    async def answers(self, job_id: str) -> Sequence[tuple[str, str]]: ...

    async def cancel(self, job_id: str) -> None: ...

    async def cancelled(self, job_id: str) -> bool: ...


class Bulk:
    def __init__(self, office: Office, jobs: Jobs, queues: Queues, *, undo: timedelta) -> None:
        self._office = office
        self.jobs = jobs
        self._queues = queues
        self._undo = undo

    async def preview(
        self, reviewer: Reviewer, answer: Answer, *, wanted: Filter, case_ids: Sequence[str] = ()
    ) -> Preview:
        """By checkboxes (``case_ids``) or, without any, by filter; at most ``MOST`` cases."""
        found = await self._named(case_ids) if case_ids else await self._fitting(reviewer, wanted)
        fits: list[Case] = []
        left: Counter[str] = Counter()
        for case in found:
            why = self._why_not(case, reviewer, answer)
            if why is None:
                fits.append(case)
            else:
                left[why] += 1
        return Preview(tuple(fits), tuple(sorted(left.items())))

    async def run(self, job: Job, reviewer: Reviewer, answer: Answer, cases: Sequence[Case]) -> Job:
        """Until all are answered or the job is cancelled. ``decision_id`` of ``answer`` is not looked at.

        Each answer is about the decision that the preview showed: a newer one is left out.
        """
        left = Counter(dict(job.left_out))
        state = JobState.FINISHED
        for case in cases:
            if await self.jobs.cancelled(job.job_id):
                state = JobState.CANCELLED
                break
            try:
                event_id = await self._answer(case, reviewer, answer)
            except TrackgateError as error:
                log.warning("a case of a bulk action was not answered", case_id=case.case_id, why=str(error))
                event_id = None
            if event_id is None:
                left["changed meanwhile"] += 1
            else:
                await self.jobs.answered(job.job_id, case.case_id, event_id)
                job = replace(job, done=job.done + 1)
            job = replace(job, left_out=tuple(sorted(left.items())))
            await self.jobs.keep(job)
        job = replace(job, state=state)
        await self.jobs.keep(job)
        return job

    async def undo(self, job: Job, reviewer: Reviewer) -> Job:
        """Stop the job and take back what has not been sent; the cases are free again."""
        await self.jobs.cancel(job.job_id)
        undone = 0
        for case_id, event_id in await self.jobs.answers(job.job_id):
            outcome = await self._office.undo(case_id, reviewer, event_id)
            if isinstance(outcome, Undone):
                undone += 1
                await self._office.release(case_id, reviewer, outcome.claim.token)
        job = replace(job, state=JobState.UNDONE, undone=undone)
        await self.jobs.keep(job)
        return job

    async def _answer(self, case: Case, reviewer: Reviewer, answer: Answer) -> str | None:
        claimed = await self._office.claim(case.case_id, reviewer)
        if not isinstance(claimed, Claimed):
            return None
        token = claimed.claim.token
        about = replace(answer, decision_id=case.summary.decision_id)
        if claimed.case.summary.decision_id == about.decision_id and not (
            claimed.case.summary.second_person and answer.releases
        ):
            done = await self._office.resolve(case.case_id, reviewer, token, about, undo=self._undo)
            if isinstance(done, Resolved):
                return done.resolution.event_id
        await self._office.release(case.case_id, reviewer, token)
        return None

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

    async def _named(self, case_ids: Sequence[str]) -> list[Case]:
        cases = [await self._office.queue.case(case_id) for case_id in dict.fromkeys(case_ids[:MOST])]
        return [case for case in cases if case is not None]

    async def _fitting(self, reviewer: Reviewer, wanted: Filter) -> list[Case]:
        found: list[Case] = []
        after = None
        while len(found) < MOST:
            page = await self._office.queue.page(reviewer.reviewer_id, wanted, limit=_PAGE, after=after)
            found += page.cases
            after = page.after
            if after is None:
                break
        return found[:MOST]
