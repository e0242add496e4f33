"""When the sweep of deadlines wakes, and what stops it."""

from datetime import timedelta

import pytest

from services.policy.sweep import AFTER_OUTAGE, LONGEST_WAIT, DeadlineSweep, EventAlarm
from shared.clock import SetClock
from shared.errors import ContractError, SystemicError
from tests.support.events import A_TIME
from tests.support.policy import MemoryDeadlines, MemoryTracks


class Enough(BaseException):
    """The test has seen what it wanted."""


class Pauses:
    """An alarm on which time jumps: each wait moves the clock, and the last one ends the loop."""

    def __init__(self, clock: SetClock, waits: int) -> None:
        self.clock = clock
        self.left = waits
        self.spans: list[timedelta] = []

    async def wait(self, span: timedelta) -> None:
        self.spans.append(span)
        self.clock.at += span
        self.left -= 1
        if self.left == 0:
            raise Enough


class Desk:
    """Decides tracks, unless ``trouble`` is raised instead."""

    def __init__(self) -> None:
        self.clock = SetClock(A_TIME)
        self.deadlines = MemoryDeadlines(MemoryTracks())
        self.decided: list[tuple[str, timedelta]] = []
        self.trouble: list[Exception] = []

    async def decide(self, track_id: str) -> None:
        if self.trouble:
            raise self.trouble.pop()
        await self.deadlines.clear(track_id)
        self.decided.append((track_id, self.clock.at - A_TIME))

    async def run(self, waits: int, *, grace: timedelta = timedelta(0)) -> list[timedelta]:
        pauses = Pauses(self.clock, waits)
        sweep = DeadlineSweep(
            self.deadlines, self.decide, clock=self.clock, alarm=pauses, not_before=A_TIME + grace
        )
        with pytest.raises(Enough):
            await sweep.run()
        return pauses.spans


async def test_it_sleeps_until_the_next_deadline_and_no_longer() -> None:
    desk = Desk()
    await desk.deadlines.set("soon", A_TIME + timedelta(seconds=4))
    await desk.deadlines.set("later", A_TIME + timedelta(seconds=9))
    assert await desk.run(2) == [timedelta(seconds=4), timedelta(seconds=5)]
    assert desk.decided == [("soon", timedelta(seconds=4))]


async def test_it_looks_again_for_what_other_workers_registered() -> None:
    assert await Desk().run(1) == [LONGEST_WAIT]


async def test_it_decides_nothing_before_its_grace_is_over() -> None:
    desk = Desk()
    await desk.deadlines.set("overdue", A_TIME - timedelta(hours=1))
    assert await desk.run(2, grace=timedelta(seconds=15)) == [timedelta(seconds=15), LONGEST_WAIT]
    assert desk.decided == [("overdue", timedelta(seconds=15))]


async def test_an_outage_is_waited_out_and_loses_no_deadline() -> None:
    desk = Desk()
    desk.trouble = [SystemicError("Redis is away")]
    await desk.deadlines.set("due", A_TIME)
    assert await desk.run(2) == [AFTER_OUTAGE, LONGEST_WAIT]
    assert [track_id for track_id, _ in desk.decided] == ["due"]


async def test_one_track_that_cannot_be_decided_does_not_stop_the_others() -> None:
    desk = Desk()
    desk.trouble = [ContractError("a field of the view is no event")]
    await desk.deadlines.set("broken", A_TIME - timedelta(seconds=1))
    await desk.deadlines.set("sound", A_TIME)
    spans = await desk.run(4)
    assert [track_id for track_id, _ in desk.decided] == ["sound", "broken"]
    assert sum(spans[:2], timedelta(0)) == timedelta(seconds=60)


async def test_an_alarm_that_is_rung_ends_the_wait() -> None:
    alarm = EventAlarm()
    alarm.ring()
    await alarm.wait(timedelta(hours=1))
    await alarm.wait(timedelta(milliseconds=1))
