"""Bulk jobs on a real Redis: a lease that runs out, a process that dies, nothing done twice."""

import asyncio
import itertools
import os
import signal
import sys
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from redis.asyncio import Redis

from services.moderation.adapters.bulk_jobs import RedisJobs
from services.moderation.adapters.redis_queue import RedisQueue
from services.moderation.bulk import Bulk
from services.moderation.desk import Desk
from services.moderation.domain.access import Queues, Reviewer, Role
from services.moderation.domain.bulk import Answering, Beat, Job, Jobs, JobState, Planned
from services.moderation.domain.cases import summarise
from services.moderation.domain.looking import Filter
from services.moderation.domain.queue import Answer
from services.moderation.web.office import Office
from shared.clock import SystemClock
from shared.events import Outcome
from tests.support.events import an_upload
from tests.support.stack import Endpoints
from tests.unit.moderation.desk_fakes import NOW, MemoryAudit, MemoryPublisher, MemoryTracks, a_decision

T = TypeVar("T")
SHORT = timedelta(milliseconds=150)
SAM = Reviewer(reviewer_id="sam", name="Sam", role=Role.SENIOR)
REJECT = Answer("", Outcome.REJECT, note="Spam.")
prefixes = (f"bulk-{number}:" for number in itertools.count())


@pytest.fixture
async def client(endpoints: Endpoints) -> AsyncIterator[Redis]:
    async with Redis.from_url(endpoints.redis_url) as client:
        yield client


def a_job(**changes: object) -> Job:
    fields = {
        "job_id": str(uuid.uuid4()),
        "reviewer_id": f"sam-{uuid.uuid4()}",
        "outcome": Outcome.LABEL,
        "label_codes": ("ai-detected",),
        "note": "Same batch.",
        "total": 2,
        "made_at": NOW,
        "left_out": (("claimed", 3),),
    }
    return Job(**(fields | changes))  # type: ignore[arg-type]  # the fields of the one, by name


PLAN = (Planned("case-1", "decision-1", "Été", "Ada"), Planned("case-2", "decision-2"))


async def test_a_job_is_kept_with_its_plan_and_listed_for_its_maker_alone(client: Redis) -> None:
    jobs = RedisJobs(client)
    job = a_job()
    await jobs.plan(job, PLAN)
    assert await jobs.find(job.job_id) == job
    assert tuple(await jobs.planned(job.job_id)) == PLAN
    assert list(await jobs.of(job.reviewer_id)) == [job]
    assert list(await jobs.of("somebody-else")) == []
    assert await jobs.find(str(uuid.uuid4())) is None


async def test_one_of_many_that_begin_at_once_runs_the_job(client: Redis) -> None:
    jobs = RedisJobs(client)
    job = a_job(state=JobState.RUNNING, started_at=NOW)
    begun = await asyncio.gather(*(jobs.begin(job, f"run-{number}") for number in range(20)))
    assert sum(begun) == 1


async def test_a_run_that_is_silent_for_longer_than_its_lease_may_do_nothing_more(client: Redis) -> None:
    jobs = RedisJobs(client, lease=SHORT)
    job = a_job(state=JobState.RUNNING, started_at=NOW)
    assert await jobs.begin(job, "first")
    assert await jobs.beat(job, "first") is Beat.GO
    found = await stopped(jobs, job)
    assert found.state is JobState.INTERRUPTED
    assert await RedisJobs(client).begin(job, "second")
    assert await jobs.beat(job, "first") is Beat.LOST
    assert not await jobs.end(job, "first")
    assert await jobs.beat(job, "second") is Beat.GO


async def test_a_cancellation_is_noticed_and_taken_back_by_the_next_start(client: Redis) -> None:
    jobs = RedisJobs(client)
    job = a_job(state=JobState.RUNNING, started_at=NOW)
    assert await jobs.begin(job, "first")
    await jobs.cancel(job.job_id)
    assert await jobs.beat(job, "first") is Beat.CANCELLED
    assert await jobs.end(job, "first")
    assert await jobs.begin(job, "second")
    assert await jobs.beat(job, "second") is Beat.GO


async def test_answers_are_found_in_the_order_in_which_they_were_meant(client: Redis) -> None:
    jobs = RedisJobs(client)
    meant = [Answering(f"case-{number}", f"event-{number}") for number in range(5)]
    for one in meant:
        await jobs.answering("a-job", one)
    assert list(await jobs.answers("a-job")) == meant


async def until(look: Callable[[], Awaitable[T]], wanted: Callable[[T], bool]) -> T:
    """What ``look`` finds, as soon as it is as wanted."""
    async with asyncio.timeout(60):
        while True:
            found = await look()
            if wanted(found):
                return found
            await asyncio.sleep(0.01)


async def stopped(jobs: Jobs, job: Job) -> Job:
    found = await until(
        lambda: jobs.find(job.job_id), lambda one: one is not None and one.state is not JobState.RUNNING
    )
    assert found is not None
    return found


async def answers(bulk: Bulk, job: Job) -> int:
    return len(await bulk.jobs.answers(job.job_id))


CHILD = """
import asyncio, sys
from tests.integration.moderation.test_moderation_bulk_in_redis import a_bulk, SAM
from redis.asyncio import Redis

async def main(url, prefix, job_id):
    async with Redis.from_url(url) as client:
        bulk = a_bulk(client, prefix)
        job = await bulk.jobs.find(job_id)
        assert await bulk.start(job, SAM) is not None
        print("started", flush=True)
        await asyncio.Event().wait()

asyncio.run(main(*sys.argv[1:]))
"""


def a_bulk(client: Redis, prefix: str, *, lease: timedelta = timedelta(seconds=2)) -> Bulk:
    clock = SystemClock()
    queue = RedisQueue(
        client, clock, lease=timedelta(seconds=5), skip=lease, undo=timedelta(hours=1), prefix=prefix
    )
    desk = Desk(queue, MemoryPublisher(), frozenset())
    office = Office(queue, desk, MemoryTracks(), MemoryAudit())
    return Bulk(office, RedisJobs(client, lease=lease), Queues(), clock, undo=timedelta(hours=1))


@pytest.mark.timeout(300)
async def test_a_killed_process_leaves_an_interrupted_job_that_goes_on_and_answers_nothing_twice(
    client: Redis, endpoints: Endpoints
) -> None:
    cases, prefix = 200, next(prefixes)
    bulk = a_bulk(client, prefix)
    queue = RedisQueue(
        client, SystemClock(), lease=timedelta(seconds=5), skip=timedelta(hours=1), prefix=prefix
    )
    for number in range(cases):
        await queue.open(summarise(a_decision(number), an_upload(number)))
    job = await bulk.preview(SAM, REJECT, wanted=Filter())
    assert job.total == cases

    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", CHILD, endpoints.redis_url, prefix, job.job_id),
        cwd=Path(__file__).parents[3],
        env={**os.environ, "PYTHONPATH": "."},
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(60):
            assert await process.stdout.readline() == b"started\n"
            await until(lambda: answers(bulk, job), lambda made: made >= 5)
    finally:
        process.send_signal(signal.SIGKILL)
        await process.wait()

    assert await answers(bulk, job) < cases
    found = await stopped(bulk.jobs, job)
    assert found.state is JobState.INTERRUPTED
    # The case that it held when it died is free again when its claim has ended.
    await until(lambda: queue.counts("sam"), lambda counts: counts.mine == 0)
    assert await bulk.start(found, SAM) is not None
    ended = await stopped(bulk.jobs, job)
    assert (ended.state, ended.done, ended.left_out) == (JobState.FINISHED, cases, ())
    counts = await queue.counts("sam")
    assert (counts.open, counts.pending) == (0, cases)

    undone = await bulk.undo(ended, SAM)
    assert (undone.state, undone.undone) == (JobState.UNDONE, cases)
    assert (await queue.counts("sam")).free == cases
