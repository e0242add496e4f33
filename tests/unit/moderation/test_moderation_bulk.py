"""Bulk actions: counted before, stopped, taken back; nobody does by the hundred what they may not do once."""

import asyncio
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from services.moderation.bulk import Bulk
from services.moderation.domain.access import Queues
from services.moderation.domain.bulk import Job, JobState
from services.moderation.domain.looking import Filter
from services.moderation.domain.queue import Answer
from services.moderation.web.office import Office
from shared.events import Outcome
from tests.unit.moderation.desk_fakes import TOKENS, DeskWorld
from tests.unit.moderation.memory_jobs import MemoryJobs

A_MATCH = {"matches": [{"artist_id": "liva", "verdict": "match", "standing": "unauthorised"}]}
REJECT = Answer("", Outcome.REJECT, note="Spam.")
PUBLISH = Answer("", Outcome.PUBLISH)


class Desks:
    def __init__(self, world: DeskWorld) -> None:
        self.world = world
        self.jobs = MemoryJobs()
        office = Office(world.queue, world.desk, world.tracks, world.audit)
        self.bulk = Bulk(office, self.jobs, Queues(), world.clock, undo=timedelta(seconds=60))
        self.sam = next(one for one in [world.reviewers.named("sam")] if one is not None)

    async def preview(self, answer: Answer) -> Job:
        return await self.bulk.preview(self.sam, answer, wanted=Filter())

    async def run(self, job: Job) -> Job:
        """Start it and wait for whatever it ends as."""
        assert await self.bulk.start(job, self.sam) is not None
        return await self.ended(job.job_id)

    async def ended(self, job_id: str) -> Job:
        async with asyncio.timeout(10):
            while True:
                job = await self.jobs.find(job_id)
                assert job is not None
                if job.state is not JobState.RUNNING:
                    return job
                await asyncio.sleep(0)


@pytest.fixture
def desks(tmp_path: Path) -> Desks:
    return Desks(DeskWorld(tmp_path / "none"))


async def test_each_case_is_answered_under_a_claim_of_its_own(desks: Desks) -> None:
    for number in (1, 2, 3):
        await desks.world.hold(number)
    job = await desks.run(await desks.preview(REJECT))
    assert (job.state, job.done, job.total) == (JobState.FINISHED, 3, 3)
    assert desks.world.publisher.records == []
    desks.world.clock.at += timedelta(seconds=60)
    await desks.world.desk.resend(older_than=timedelta())
    reviews = desks.world.publisher.reviews
    assert len({review.claim_token for review in reviews}) == 3
    assert {review.outcome for review in reviews} == {Outcome.REJECT}


async def test_a_preview_does_nothing(desks: Desks) -> None:
    await desks.world.hold(1)
    job = await desks.preview(REJECT)
    assert (job.state, job.total) == (JobState.PREVIEWED, 1)
    assert (await desks.world.queue.counts("sam")).free == 1


async def test_what_takes_two_people_or_is_claimed_is_left_out_and_said_so(desks: Desks) -> None:
    await desks.world.hold(1)
    await desks.world.hold(2, policy_input=A_MATCH)
    taken = await desks.world.hold(3)
    await desks.world.queue.claim(taken, "ada")
    job = await desks.preview(PUBLISH)
    assert job.total == 1
    assert dict(job.left_out) == {"needs a second person": 1, "claimed": 1}


async def test_a_case_that_changed_after_the_preview_is_left_alone(desks: Desks) -> None:
    case_id = await desks.world.hold(1)
    job = await desks.preview(REJECT)
    await desks.world.hold(1, sequence=2, event_id="decision-1-2")
    job = await desks.run(job)
    assert (job.done, dict(job.left_out)) == (0, {"changed meanwhile": 1})
    case = await desks.world.queue.case(case_id)
    assert case is not None
    assert case.claim is None


async def test_a_case_that_came_after_the_preview_is_left_alone(desks: Desks) -> None:
    await desks.world.hold(1)
    job = await desks.preview(REJECT)
    late = await desks.world.hold(2)
    job = await desks.run(job)
    assert (job.done, job.total) == (1, 1)
    case = await desks.world.queue.case(late)
    assert case is not None
    assert case.resolution is None


async def test_cancelling_stops_and_undo_takes_back_what_was_not_sent(desks: Desks) -> None:
    for number in (1, 2, 3):
        await desks.world.hold(number)
    desks.jobs.stop_after = 2
    job = await desks.run(await desks.preview(REJECT))
    assert (job.state, job.done) == (JobState.CANCELLED, 2)
    job = await desks.bulk.undo(job, desks.sam)
    assert (job.state, job.undone) == (JobState.UNDONE, 2)
    assert (await desks.world.queue.counts("sam")).free == 3
    desks.world.clock.at += timedelta(minutes=5)
    assert await desks.world.desk.resend(older_than=timedelta()) == 0


async def test_undo_while_it_runs_leaves_nothing_answered_behind(desks: Desks) -> None:
    for number in range(20):
        await desks.world.hold(number)
    job = await desks.bulk.start(await desks.preview(REJECT), desks.sam)
    assert job is not None
    job = await desks.bulk.undo(job, desks.sam)
    assert job.state is JobState.UNDONE
    assert await desks.ended(job.job_id) == job
    assert (await desks.world.queue.counts("sam")).free == 20


async def test_a_job_whose_process_died_is_told_as_interrupted_and_goes_on_where_it_stopped(
    desks: Desks,
) -> None:
    for number in (1, 2, 3, 4):
        await desks.world.hold(number)
    desks.jobs.die_after = 2
    job = await desks.run(await desks.preview(REJECT))
    assert job.state is JobState.INTERRUPTED
    job = await desks.run(job)
    assert (job.state, job.done, job.left_out) == (JobState.FINISHED, 4, ())
    desks.world.clock.at += timedelta(minutes=5)
    await desks.world.desk.resend(older_than=timedelta())
    assert len({review.track_id for review in desks.world.publisher.reviews}) == 4
    assert len(desks.world.publisher.reviews) == 4


async def test_what_a_dead_process_had_answered_can_still_be_taken_back(desks: Desks) -> None:
    for number in (1, 2, 3):
        await desks.world.hold(number)
    desks.jobs.die_after = 2
    job = await desks.run(await desks.preview(REJECT))
    job = await desks.bulk.undo(job, desks.sam)
    assert (job.state, job.undone) == (JobState.UNDONE, 2)
    assert (await desks.world.queue.counts("sam")).free == 3


async def test_a_job_is_started_once_and_an_ended_one_not_again(desks: Desks) -> None:
    await desks.world.hold(1)
    job = await desks.preview(REJECT)
    first, second = await desks.bulk.start(job, desks.sam), await desks.bulk.start(job, desks.sam)
    assert first is not None
    assert second is None
    ended = await desks.ended(job.job_id)
    assert await desks.bulk.start(ended, desks.sam) is None


async def test_starting_cancelling_and_undoing_are_in_the_audit_log(desks: Desks) -> None:
    await desks.world.hold(1)
    job = await desks.run(await desks.preview(REJECT))
    await desks.bulk.undo(job, desks.sam)
    told = [entry for entry in desks.world.audit.entries if str(entry["deed"]).startswith("bulk")]
    assert [(entry["deed"], entry["job_id"]) for entry in told] == [
        ("bulk_started", job.job_id),
        ("bulk_undone", job.job_id),
    ]


async def test_only_seniors_start_one_and_with_the_count_that_they_were_shown(desks: Desks) -> None:
    await desks.world.hold(1)
    await desks.world.hold(2)
    app = desks.world.app(jobs=desks.jobs)
    body = {"outcome": "reject", "note": "Spam."}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client:
        for nobody in ("ada", "vic"):
            headers = {"Authorization": f"Bearer {TOKENS[nobody]}"}
            refused = await client.post("/v1/bulk", json=body, headers=headers)
            assert refused.status_code == 403
        sam = {"Authorization": f"Bearer {TOKENS['sam']}"}
        unsaid = await client.post("/v1/bulk", json={"outcome": "reject"}, headers=sam)
        assert unsaid.status_code == 422
        shown = (await client.post("/v1/bulk", json=body, headers=sam)).json()
        job_id = shown["job"]["job_id"]
        assert (shown["job"]["total"], shown["titles"]) == (2, ["Song 1", "Song 2"])
        wrong = await client.post(f"/v1/bulk/{job_id}/start", json={"expected": 3}, headers=sam)
        assert wrong.status_code == 409
        begun = await client.post(f"/v1/bulk/{job_id}/start", json={"expected": 2}, headers=sam)
        assert (begun.status_code, begun.json()["state"]) == (202, "running")
        assert (await desks.ended(job_id)).done == 2
        listed = (await client.get("/v1/bulk", headers=sam)).json()
        assert [(job["job_id"], job["state"]) for job in listed] == [(job_id, "finished")]
        undone = (await client.post(f"/v1/bulk/{job_id}/undo", headers=sam)).json()
        assert (undone["state"], undone["undone"]) == ("undone", 2)
        again = await client.post(f"/v1/bulk/{job_id}/start", json={"expected": 2}, headers=sam)
        assert again.status_code == 409
