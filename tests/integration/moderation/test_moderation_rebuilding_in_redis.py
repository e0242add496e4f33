"""A rebuild of the queue loses nothing that only the queue knows, on a real server."""

import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from redis.asyncio import Redis

from services.moderation.adapters.queue_rebuilding import GivenBack, QueueRebuilding
from services.moderation.adapters.redis_queue import RedisQueue
from services.moderation.domain.cases import Case, CaseState, CaseSummary, summarise
from services.moderation.domain.outcomes import Begun, Claimed, Proposed, TooLate, Undone
from services.moderation.domain.queue import Answer
from shared.clock import SetClock
from shared.events import Outcome
from tests.support.events import an_upload
from tests.support.stack import Endpoints
from tests.unit.moderation.desk_fakes import NOW, a_decision

LEASE, UNDO = timedelta(minutes=15), timedelta(minutes=10)
prefixes = (f"rebuilding-{number}:" for number in itertools.count())


@dataclass
class World:
    clock: SetClock
    queue: RedisQueue
    anew: QueueRebuilding

    async def hold(self, number: int = 1, sequence: int = 1, *, second: bool = False) -> CaseSummary:
        summary = summarise(a_decision(number, sequence=sequence), an_upload(number))
        summary = summary.model_copy(update={"second_person": second})
        await self.queue.open(summary)
        return summary

    async def said(self, summary: CaseSummary, outcome: Outcome = Outcome.REJECT) -> Begun | Proposed:
        claimed = await self.queue.claim(summary.case_id, "ada")
        assert isinstance(claimed, Claimed)
        answer = Answer(summary.decision_id, outcome, note="Listened to all of it.")
        begun = await self.queue.begin_resolution(summary.case_id, "ada", claimed.claim.token, answer)
        assert isinstance(begun, Begun | Proposed)
        return begun

    async def case(self, summary: CaseSummary) -> Case:
        case = await self.queue.case(summary.case_id)
        assert case is not None
        return case


@pytest.fixture
async def world(endpoints: Endpoints) -> AsyncIterator[World]:
    async with Redis.from_url(endpoints.redis_url) as client:
        clock, prefix = SetClock(NOW), next(prefixes)
        terms = {"lease": LEASE, "skip": LEASE, "undo": UNDO}
        yield World(
            clock,
            RedisQueue(client, clock, prefix=prefix, **terms),
            QueueRebuilding(client, clock, prefix=prefix, **terms),
        )
        await client.unlink(*[key async for key in client.scan_iter(match=f"{prefix}*")], prefix)


async def test_an_answer_in_its_undo_window_can_still_be_taken_back_after_a_rebuild(world: World) -> None:
    summary = await world.hold()
    begun = await world.said(summary)
    before = await world.case(summary)
    await world.anew.forget()
    assert await world.queue.case(summary.case_id) is None
    await world.hold()
    assert await world.anew.give_back(summary.case_id) is GivenBack.ANSWER
    assert await world.case(summary) == before
    assert isinstance(begun, Begun)
    undone = await world.queue.undo(summary.case_id, "ada", begun.resolution.event_id)
    assert isinstance(undone, Undone)
    assert (await world.queue.counts("ada")).open == 1


async def test_an_answer_that_is_being_sent_stays_beyond_undoing(world: World) -> None:
    summary = await world.hold()
    begun = await world.said(summary)
    assert isinstance(begun, Begun)
    world.clock.at += UNDO + timedelta(seconds=1)
    assert [case.case_id for case in await world.queue.unacknowledged(older_than=timedelta())] == [
        summary.case_id
    ]
    await world.anew.forget()
    await world.hold()
    await world.anew.give_back(summary.case_id)
    assert isinstance(await world.queue.undo(summary.case_id, "ada", begun.resolution.event_id), TooLate)
    sent = await world.queue.unacknowledged(older_than=timedelta())
    assert [case.resolution for case in sent] == [begun.resolution]


async def test_a_proposal_still_waits_for_a_second_person(world: World) -> None:
    summary = await world.hold(second=True)
    assert isinstance(await world.said(summary, Outcome.PUBLISH), Proposed)
    before = await world.case(summary)
    await world.anew.forget()
    await world.hold(second=True)
    assert await world.anew.give_back(summary.case_id) is GivenBack.PROPOSAL
    assert await world.case(summary) == before
    assert (await world.queue.counts("ben")).proposed == 1


async def test_what_was_said_on_a_decision_that_is_gone_is_dropped(world: World) -> None:
    summary = await world.hold()
    await world.said(summary)
    await world.anew.forget()
    newer = await world.hold(sequence=2)
    assert await world.anew.give_back(summary.case_id) is GivenBack.OUTDATED
    case = await world.case(newer)
    assert (case.state, case.resolution) == (CaseState.OPEN, None)
    assert await world.anew.set_aside() == []


async def test_an_answer_that_kafka_has_by_now_is_not_sent_again(world: World) -> None:
    summary = await world.hold()
    begun = await world.said(summary)
    assert isinstance(begun, Begun)
    await world.anew.forget()
    await world.hold()
    await world.anew.restore(begun.resolution, summary.track_id)
    assert await world.anew.give_back(summary.case_id) is GivenBack.SENT
    world.clock.at += UNDO * 2
    assert await world.queue.unacknowledged(older_than=timedelta()) == []


async def test_acknowledged_answers_and_untouched_cases_are_not_set_aside(world: World) -> None:
    answered, waiting = await world.hold(1), await world.hold(2)
    begun = await world.said(answered)
    assert isinstance(begun, Begun)
    await world.queue.acknowledge(answered.case_id, begun.resolution.event_id)
    await world.anew.forget()
    assert await world.anew.set_aside() == []
    assert await world.anew.give_back(waiting.case_id) is GivenBack.NOTHING


async def test_a_rebuild_that_was_cut_off_is_made_good_by_the_next(world: World) -> None:
    summaries = [await world.hold(number) for number in range(1, 4)]
    said = {summary.case_id: await world.said(summary) for summary in summaries}
    await world.anew.forget()
    await world.anew.forget()
    for number in range(1, 4):
        await world.hold(number)
    assert set(await world.anew.set_aside()) == set(said)
    for summary in summaries:
        assert await world.anew.give_back(summary.case_id) is GivenBack.ANSWER
    kept = {summary.case_id: (await world.case(summary)).resolution for summary in summaries}
    assert kept == {case_id: begun.resolution for case_id, begun in said.items() if isinstance(begun, Begun)}
