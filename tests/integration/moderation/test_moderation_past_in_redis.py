"""What was decided before, on a real Redis: a distributor's record, and earlier cases like this one."""

import itertools
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from redis.asyncio import Redis

from services.moderation.adapters.past import RedisPast
from services.moderation.adapters.redis_queue import RedisQueue
from services.moderation.domain.cases import CaseSummary, summarise
from services.moderation.domain.outcomes import Claimed
from services.moderation.domain.queue import Answer
from shared.clock import SetClock
from shared.events import DecisionMade, Outcome, Reason, TrackUploaded
from tests.support.events import an_upload
from tests.support.stack import Endpoints
from tests.unit.moderation.desk_fakes import NOW, a_decision

numbers = itertools.count()


@dataclass
class World:
    """A distributor and an artist that nobody else in this run has."""

    queue: RedisQueue
    past: RedisPast
    clock: SetClock
    distributor: str = field(default_factory=lambda: f"distributor-{uuid.uuid4()}")
    artist: str = field(default_factory=lambda: f"Artist {uuid.uuid4().hex}")

    def held(
        self, *, artist: str | None = None, code: str = "ai_undeclared", distributor: str | None = None
    ) -> tuple[TrackUploaded, DecisionMade]:
        name, sender = artist or self.artist, distributor or self.distributor
        track_id = str(uuid.uuid4())
        upload = an_upload(track_id=track_id, distributor_id=sender)
        declaration = upload.declaration.model_copy(
            update={"display_artist": name, "title": f"Song {next(numbers)}"}
        )
        decision = a_decision(
            track_id=track_id,
            event_id=str(uuid.uuid4()),
            reasons=(Reason(code=code, text="x", rule="r"),),
            policy_input={"distributor": {"id": sender}, "declaration": {"display_artist": name}},
        )
        return upload.model_copy(update={"declaration": declaration}), decision

    async def decided(self, outcome: Outcome, **about: str) -> CaseSummary:
        """Held, answered by a person, and policy's word on it: as the worker sees all three."""
        upload, decision = self.held(**about)
        summary = summarise(decision, upload)
        await self.queue.open(summary)
        await self.past.note(decision)
        claimed = await self.queue.claim(summary.case_id, "ada")
        assert isinstance(claimed, Claimed)
        self.clock.at += timedelta(minutes=1)
        answer = Answer(summary.decision_id, outcome, note="Why.")
        await self.queue.begin_resolution(summary.case_id, "ada", claimed.claim.token, answer)
        final = decision.model_copy(
            update={
                "event_id": str(uuid.uuid4()),
                "sequence": 2,
                "outcome": outcome,
                "automated": False,
                "decided_by": "ada",
                "occurred_at": self.clock.at,
            }
        )
        await self.past.note(final)
        await self.past.note(final)
        await self.queue.close(decision.track_id, final.event_id, 2)
        return summary


@pytest.fixture
async def world(endpoints: Endpoints) -> AsyncIterator[World]:
    async with Redis.from_url(endpoints.redis_url) as client:
        clock = SetClock(NOW)
        queue = RedisQueue(
            client,
            clock,
            lease=timedelta(minutes=15),
            skip=timedelta(hours=1),
            prefix=f"past-{uuid.uuid4()}:",
        )
        yield World(queue, RedisPast(client, queue), clock)


async def test_a_distributors_record_counts_each_track_once_for_each_outcome(world: World) -> None:
    for outcome in (Outcome.REJECT, Outcome.REJECT, Outcome.PUBLISH):
        await world.decided(outcome)
    record = await world.past.record_of(world.distributor)
    assert record.tracks == 3
    assert record.by_outcome == {
        Outcome.PUBLISH: 1,
        Outcome.LABEL: 0,
        Outcome.QUARANTINE: 3,
        Outcome.REJECT: 2,
    }
    assert (await world.past.record_of("nobody-ever")).tracks == 0


async def test_the_likest_come_first_then_the_newest_and_what_is_alike_is_said(world: World) -> None:
    by_reason = await world.decided(Outcome.REJECT, artist="Somebody Else")
    both = await world.decided(Outcome.REJECT)
    by_artist = await world.decided(Outcome.PUBLISH, code="voice_without_consent")
    await world.decided(Outcome.REJECT, artist="Another", code="inconclusive")
    await world.decided(Outcome.REJECT, artist="A Third", distributor=f"{world.distributor}-other")
    upload, decision = world.held()
    found = await world.past.like(summarise(decision, upload), limit=6)
    assert [(one.case_id, one.outcome, one.alike) for one in found] == [
        (both.case_id, Outcome.REJECT, ("artist", "distributor and reason")),
        (by_artist.case_id, Outcome.PUBLISH, ("artist",)),
        (by_reason.case_id, Outcome.REJECT, ("distributor and reason",)),
    ]
    assert len(await world.past.like(summarise(decision, upload), limit=2)) == 2


async def test_an_artist_is_found_in_another_spelling_and_a_case_is_not_its_own_past(world: World) -> None:
    word = uuid.uuid4().hex
    earlier = await world.decided(Outcome.REJECT, artist=f"Sigrún {word}", distributor="elsewhere-one")
    upload, decision = world.held(artist=f"{word.upper()}, SIGRUN")
    assert [one.case_id for one in await world.past.like(summarise(decision, upload), limit=6)] == [
        earlier.case_id
    ]
    assert earlier.case_id not in {one.case_id for one in await world.past.like(earlier, limit=6)}


async def test_what_only_policy_decided_is_no_earlier_case(world: World) -> None:
    upload, decision = world.held()
    await world.queue.open(summarise(decision, upload))
    await world.past.note(decision)
    other_upload, other = world.held()
    assert await world.past.like(summarise(other, other_upload), limit=6) == ()
