"""Bulk actions: counted before, stopped, taken back; nobody does by the hundred what they may not do once."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from services.moderation.bulk import Bulk, Job, JobState
from services.moderation.domain.access import Queues
from services.moderation.domain.queue import Answer, Filter
from services.moderation.web.office import Office
from shared.events import Outcome
from tests.unit.moderation.desk_fakes import TOKENS, DeskWorld

A_MATCH = {"matches": [{"artist_id": "liva", "verdict": "match", "standing": "unauthorised"}]}
REJECT = Answer("", Outcome.REJECT, note="Spam.")
PUBLISH = Answer("", Outcome.PUBLISH)


@dataclass
class MemoryJobs:
    """``stop_after``: cancelled once so many cases are answered."""

    kept: dict[str, Job] = field(default_factory=dict)
    made: list[tuple[str, str]] = field(default_factory=list)
    stopped: bool = False
    stop_after: int | None = None

    async def keep(self, job: Job) -> None:
        self.kept[job.job_id] = job

    async def find(self, job_id: str) -> Job | None:
        return self.kept.get(job_id)

    async def answered(self, job_id: str, case_id: str, event_id: str) -> None:  # noqa: ARG002 - the port's
        self.made.append((case_id, event_id))

    async def answers(self, job_id: str) -> Sequence[tuple[str, str]]:  # noqa: ARG002 - the port's
        return self.made

    async def cancel(self, job_id: str) -> None:  # noqa: ARG002 - the port's
        self.stopped = True

    async def cancelled(self, job_id: str) -> bool:  # noqa: ARG002 - the port's
        return self.stopped or (self.stop_after is not None and len(self.made) >= self.stop_after)


class Desks:
    def __init__(self, world: DeskWorld) -> None:
        self.world = world
        self.jobs = MemoryJobs()
        office = Office(world.queue, world.desk, world.tracks, world.audit)
        self.bulk = Bulk(office, self.jobs, Queues(), undo=timedelta(seconds=60))
        self.sam = next(one for one in [world.reviewers.named("sam")] if one is not None)

    async def run(self, answer: Answer) -> Job:
        found = await self.bulk.preview(self.sam, answer, wanted=Filter())
        job = Job("job", "sam", len(found.cases), self.world.clock.now(), left_out=found.left_out)
        return await self.bulk.run(job, self.sam, answer, found.cases)


@pytest.fixture
def desks(tmp_path: Path) -> Desks:
    return Desks(DeskWorld(tmp_path / "none"))


async def test_each_case_is_answered_under_a_claim_of_its_own(desks: Desks) -> None:
    for number in (1, 2, 3):
        await desks.world.hold(number)
    job = await desks.run(REJECT)
    assert (job.state, job.done, job.total) == (JobState.FINISHED, 3, 3)
    assert desks.world.publisher.records == []
    desks.world.clock.at += timedelta(seconds=60)
    await desks.world.desk.resend(older_than=timedelta())
    reviews = desks.world.publisher.reviews
    assert len({review.claim_token for review in reviews}) == 3
    assert {review.outcome for review in reviews} == {Outcome.REJECT}


async def test_what_takes_two_people_or_is_claimed_is_left_out_and_said_so(desks: Desks) -> None:
    await desks.world.hold(1)
    await desks.world.hold(2, policy_input=A_MATCH)
    taken = await desks.world.hold(3)
    await desks.world.queue.claim(taken, "ada")
    found = await desks.bulk.preview(desks.sam, PUBLISH, wanted=Filter())
    assert len(found.cases) == 1
    assert dict(found.left_out) == {"needs a second person": 1, "claimed": 1}


async def test_a_case_that_changed_after_the_preview_is_left_alone(desks: Desks) -> None:
    case_id = await desks.world.hold(1)
    found = await desks.bulk.preview(desks.sam, REJECT, wanted=Filter())
    await desks.world.hold(1, sequence=2, event_id="decision-1-2")
    job = Job("job", "sam", 1, desks.world.clock.now())
    job = await desks.bulk.run(job, desks.sam, REJECT, found.cases)
    assert (job.done, dict(job.left_out)) == (0, {"changed meanwhile": 1})
    case = await desks.world.queue.case(case_id)
    assert case is not None
    assert case.claim is None


async def test_cancelling_stops_and_undo_takes_back_what_was_not_sent(desks: Desks) -> None:
    for number in (1, 2, 3):
        await desks.world.hold(number)
    desks.jobs.stop_after = 2
    job = await desks.run(REJECT)
    assert (job.state, job.done) == (JobState.CANCELLED, 2)
    job = await desks.bulk.undo(job, desks.sam)
    assert (job.state, job.undone) == (JobState.UNDONE, 2)
    assert (await desks.world.queue.counts("sam")).free == 3
    desks.world.clock.at += timedelta(minutes=5)
    assert await desks.world.desk.resend(older_than=timedelta()) == 0


async def test_only_seniors_start_one_and_with_the_count_that_they_were_shown(desks: Desks) -> None:
    await desks.world.hold(1)
    await desks.world.hold(2)
    app = desks.world.app(jobs=desks.jobs)
    body = {"outcome": "reject", "note": "Spam."}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client:
        for nobody in ("ada", "vic"):
            headers = {"Authorization": f"Bearer {TOKENS[nobody]}"}
            for path in ("/v1/bulk/preview", "/v1/bulk"):
                refused = await client.post(path, json=body | {"expected": 2}, headers=headers)
                assert refused.status_code == 403
        sam = {"Authorization": f"Bearer {TOKENS['sam']}"}
        unsaid = await client.post("/v1/bulk/preview", json={"outcome": "reject"}, headers=sam)
        assert unsaid.status_code == 422
        shown = (await client.post("/v1/bulk/preview", json=body, headers=sam)).json()
        assert shown["count"] == 2
        wrong = await client.post("/v1/bulk", json=body | {"expected": 3}, headers=sam)
        assert wrong.status_code == 409
        job_id = (await client.post("/v1/bulk", json=body | {"expected": 2}, headers=sam)).json()["job_id"]
        async with asyncio.timeout(10):
            told = {"state": "running"}
            while told["state"] == "running":
                await asyncio.sleep(0)
                told = (await client.get(f"/v1/bulk/{job_id}", headers=sam)).json()
        assert told["done"] == 2
        undone = (await client.post(f"/v1/bulk/{job_id}/undo", headers=sam)).json()
        assert (undone["state"], undone["undone"]) == ("undone", 2)
