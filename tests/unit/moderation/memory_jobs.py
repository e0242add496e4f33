"""Bulk jobs in plain Python, with a lease that runs out when the test says so."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from services.moderation.domain.bulk import Answering, Beat, Job, JobState, Planned


@dataclass
class MemoryJobs:
    """``stop_after``: cancelled once so many cases are being answered; ``die_after``: its lease is lost."""

    stop_after: int | None = None
    die_after: int | None = None
    kept: dict[str, Job] = field(default_factory=dict)
    plans: dict[str, tuple[Planned, ...]] = field(default_factory=dict)
    leases: dict[str, str] = field(default_factory=dict)
    stopped: set[str] = field(default_factory=set)
    made: defaultdict[str, list[Answering]] = field(default_factory=lambda: defaultdict(list))

    async def plan(self, job: Job, cases: Sequence[Planned]) -> None:
        self.kept[job.job_id], self.plans[job.job_id] = job, tuple(cases)

    async def find(self, job_id: str) -> Job | None:
        job = self.kept.get(job_id)
        if job is not None and job.state is JobState.RUNNING and job_id not in self.leases:
            return replace(job, state=JobState.INTERRUPTED)
        return job

    async def planned(self, job_id: str) -> Sequence[Planned]:
        return self.plans.get(job_id, ())

    async def of(self, reviewer_id: str) -> Sequence[Job]:
        found = [await self.find(job.job_id) for job in reversed(self.kept.values())]
        return [job for job in found if job is not None and job.reviewer_id == reviewer_id]

    async def begin(self, job: Job, run_id: str) -> bool:
        if job.job_id in self.leases:
            return False
        self.leases[job.job_id], self.kept[job.job_id] = run_id, job
        self.stopped.discard(job.job_id)
        return True

    async def beat(self, job: Job, run_id: str) -> Beat:
        made = len(self.made[job.job_id])
        if self.die_after is not None and made >= self.die_after:
            self.leases.pop(job.job_id, None)
            self.die_after = None
        if self.leases.get(job.job_id) != run_id:
            return Beat.LOST
        self.kept[job.job_id] = job
        if job.job_id in self.stopped or (self.stop_after is not None and made >= self.stop_after):
            return Beat.CANCELLED
        return Beat.GO

    async def answering(self, job_id: str, answering: Answering) -> None:
        self.made[job_id].append(answering)

    async def answers(self, job_id: str) -> Sequence[Answering]:
        return tuple(self.made[job_id])

    async def cancel(self, job_id: str) -> None:
        self.stopped.add(job_id)

    async def end(self, job: Job, run_id: str) -> bool:
        if self.leases.get(job.job_id) != run_id:
            return False
        del self.leases[job.job_id]
        self.kept[job.job_id] = job
        return True

    async def keep(self, job: Job) -> None:
        self.kept[job.job_id] = job
