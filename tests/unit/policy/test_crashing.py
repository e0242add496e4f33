"""What a crash leaves behind: no decision is lost, and none is made twice."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from tests.support.events import A_TIME
from tests.support.policy import (
    Crash,
    a_review,
)
from tests.unit.policy.deciding_world import AI, CLONE, DEADLINE, MATCHED, UPLOAD, VOICE, World


async def feed(world: World, step: Callable[[], Awaitable[object]]) -> None:
    """Deliver until it is through, as a broker does: a crash is a restart and the same message again."""
    while True:
        try:
            await step()
        except Crash:
            world.restart()
            world.clock.at += timedelta(seconds=1)
        else:
            return


@pytest.mark.parametrize("crash_before", range(1, 13))
async def test_a_crash_at_any_step_neither_loses_nor_doubles_a_decision(crash_before: int) -> None:
    world = World()
    world.crashes.before_step = crash_before
    for event in (UPLOAD, AI, MATCHED):
        await feed(world, lambda event=event: world.see(event))  # type: ignore[misc]
    await feed(world, lambda: world.see(a_review(world.standing, "publish")))
    assert world.story == ["quarantine", "publish"]
    by_id = {decision.event_id: decision.to_bytes() for decision in world.log.appended}
    assert all(decision.to_bytes() == by_id[decision.event_id] for decision in world.log.appended)
    assert world.tracks.intents == {}
    assert world.tracks.deadlines == {}


@pytest.mark.parametrize("crash_before", range(1, 7))
async def test_a_crash_in_the_sweep_neither_loses_nor_doubles_the_decision(crash_before: int) -> None:
    world = World()
    await feed(world, lambda: world.see(UPLOAD))
    world.crashes.before_step = world.crashes.steps + crash_before
    await feed(world, lambda: world.pass_time(DEADLINE))
    assert world.story == ["quarantine"]


async def test_another_event_finishes_what_a_crashed_worker_began() -> None:
    world = World()
    await world.see(UPLOAD, AI)
    world.crashes.before_step = world.crashes.steps + 3
    with pytest.raises(Crash):
        await world.see(MATCHED)
    world.restart()
    newer = CLONE.model_copy(update={"occurred_at": A_TIME + timedelta(hours=1)})
    await world.see(newer, MATCHED)
    assert [decision.sequence for decision in world.decisions] == [1, 2]
    assert len(world.log.appended) == len({d.event_id for d in world.log.appended}) == 2


async def test_reading_the_own_decisions_heals_a_view_that_lost_one() -> None:
    world = World()
    await world.see(UPLOAD, AI, VOICE)
    lost = world.decisions[0]
    del world.tracks.fields[UPLOAD.track_id]["decision:1"]
    await world.see(lost, VOICE)
    assert world.standing == lost
    assert len(world.log.appended) == 1
