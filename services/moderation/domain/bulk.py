"""A bulk action: one answer for many cases, planned, counted, run under a lease, stopped, taken back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from services.moderation.domain.queue import Answer
from shared.events import Outcome

MOST = 1_000


class JobState(StrEnum):
    """``previewed``: nothing was done yet. ``interrupted``: whoever ran it died, or lost its lease."""

    PREVIEWED = "previewed"
    RUNNING = "running"
    CANCELLED = "cancelled"
    FINISHED = "finished"
    INTERRUPTED = "interrupted"
    UNDONE = "undone"


STARTABLE = frozenset({JobState.PREVIEWED, JobState.CANCELLED, JobState.INTERRUPTED})


@dataclass(frozen=True)
class Job:
    """``left_out`` counts cases by why, ``undone`` those taken back; ``more``: further cases fitted."""

    job_id: str
    reviewer_id: str
    outcome: Outcome
    label_codes: tuple[str, ...]
    note: str
    total: int
    made_at: datetime
    more: bool = False
    state: JobState = JobState.PREVIEWED
    started_at: datetime | None = None
    done: int = 0
    undone: int = 0
    left_out: tuple[tuple[str, int], ...] = ()

    @property
    def answer(self) -> Answer:
        """The decision that it is about is each case's own."""
        return Answer("", self.outcome, self.label_codes, self.note)


@dataclass(frozen=True)
class Planned:
    """A case as the preview showed it: another decision than ``decision_id`` is not answered."""

    case_id: str
    decision_id: str
    title: str = ""
    artist: str = ""


@dataclass(frozen=True)
class Answering:
    """An answer that is about to be given, or was; ``event_id`` tells which."""

    case_id: str
    event_id: str


class Beat(StrEnum):
    """``lost``: the lease ran out or is another run's, so nothing more may be done."""

    GO = "go"
    CANCELLED = "cancelled"
    LOST = "lost"


class Jobs(Protocol):
    """Where jobs are kept from the preview until they can no longer be undone.

    A run holds a lease that every beat renews; a running job without a lease is told as interrupted.
    Every method may raise SystemicError.
    """

    async def plan(self, job: Job, cases: Sequence[Planned]) -> None: ...

    async def find(self, job_id: str) -> Job | None: ...

    async def planned(self, job_id: str) -> Sequence[Planned]: ...

    async def of(self, reviewer_id: str) -> Sequence[Job]:
        """This person's jobs, newest first."""
        ...

    async def begin(self, job: Job, run_id: str) -> bool:
        """False: it is running already. Takes an earlier cancellation back."""
        ...

    async def beat(self, job: Job, run_id: str) -> Beat:
        """Keep how far the job is, and the lease."""
        ...

    async def answering(self, job_id: str, answering: Answering) -> None:
        """Before the answer is given: what a run that dies in between did is still found and undone."""
        ...

    async def answers(self, job_id: str) -> Sequence[Answering]: ...

    async def cancel(self, job_id: str) -> None: ...

    async def end(self, job: Job, run_id: str) -> bool:
        """Keep the job as it ended and give the lease up; False and nothing done where it was lost."""
        ...

    async def keep(self, job: Job) -> None: ...
