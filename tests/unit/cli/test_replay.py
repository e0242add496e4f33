"""Replaying each dead letter once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from services.cli.dead_letters import DeadLetter
from services.cli.replay import Before, Impossible, Pace, Place, Replay, Replayed, Step
from services.cli.replay_position import Position
from shared.clock import SetClock
from shared.errors import PublishError
from shared.stream.message import Message, Record

DLQ = "tracks.uploaded.policy.dlq"
NOW = datetime(2026, 6, 1, tzinfo=UTC)


def letters(*offsets: int, origin: str = "tracks.uploaded") -> list[DeadLetter]:
    headers = {"x-origin-topic": origin.encode(), "x-service": b"policy"}
    return [DeadLetter(Message(DLQ, 0, offset, b"k", b"v", headers)) for offset in offsets]


@dataclass
class MemoryPositions:
    kept: dict[Place, Position] = field(default_factory=dict)

    def load(self) -> Mapping[Place, Position]:
        return dict(self.kept)

    def save(self, place: Place, position: Position) -> None:
        self.kept[place] = position


@dataclass
class MemoryPublisher:
    """Loses its broker after ``fails_after`` records."""

    records: list[Record] = field(default_factory=list)
    fails_after: int | None = None

    async def publish(self, record: Record) -> None:
        if len(self.records) == self.fails_after:
            raise PublishError("the broker is gone")
        self.records.append(record)


@dataclass
class Watch:
    """Time that passes only while somebody sleeps."""

    now: float = 100.0
    slept: list[float] = field(default_factory=list)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@dataclass
class Desk:
    positions: MemoryPositions = field(default_factory=MemoryPositions)
    publisher: MemoryPublisher = field(default_factory=MemoryPublisher)
    watch: Watch = field(default_factory=Watch)

    async def replay(
        self, chosen: list[DeadLetter], *, again: bool = False, dry: bool = False, limit: int | None = None
    ) -> list[Step]:
        steps: list[Step] = []
        pace = Pace(10.0, lambda: self.watch.now, self.watch.sleep)
        job = Replay(self.positions, self.publisher, SetClock(NOW), pace, again=again, dry=dry)
        await job.run(chosen, steps.append, limit=limit)
        return steps


async def test_each_is_replayed_once_whoever_asks() -> None:
    desk = Desk()
    assert [type(step) for step in await desk.replay(letters(0, 1))] == [Replayed, Replayed]
    assert [type(step) for step in await desk.replay(letters(0, 1, 2))] == [Before, Before, Replayed]
    assert len(desk.publisher.records) == 3


async def test_what_a_filter_skipped_is_still_there_for_another_day() -> None:
    desk = Desk()
    await desk.replay(letters(1, 3))
    assert [type(step) for step in await desk.replay(letters(0, 1, 2, 3))] == [
        Replayed,
        Before,
        Replayed,
        Before,
    ]
    assert desk.positions.kept[DLQ, 0] == Position(4)


async def test_again_replays_what_was_replayed_before() -> None:
    desk = Desk()
    await desk.replay(letters(0))
    assert isinstance((await desk.replay(letters(0), again=True))[0], Replayed)
    assert len(desk.publisher.records) == 2


async def test_a_dry_run_says_the_same_and_changes_nothing() -> None:
    desk = Desk()
    dry = await desk.replay(letters(0, 1), dry=True)
    assert desk.publisher.records == []
    assert desk.positions.kept == {}
    assert await desk.replay(letters(0, 1)) == dry


async def test_what_has_nowhere_to_go_is_told_and_left() -> None:
    desk = Desk()
    steps = await desk.replay([*letters(0, origin="elsewhere"), *letters(1)])
    assert [type(step) for step in steps] == [Impossible, Replayed]
    assert not desk.positions.kept[DLQ, 0].has(0)


async def test_a_lost_broker_ends_it_without_forgetting_or_pretending() -> None:
    desk = Desk(publisher=MemoryPublisher(fails_after=1))
    with pytest.raises(PublishError):
        await desk.replay(letters(0, 1, 2))
    assert desk.positions.kept[DLQ, 0] == Position(1)


async def test_the_limit_counts_what_is_replayed() -> None:
    desk = Desk()
    await desk.replay(letters(0))
    steps = await desk.replay(letters(0, 1, 2, 3), limit=2)
    assert [type(step) for step in steps] == [Before, Replayed, Replayed]


async def test_it_keeps_the_pace_and_does_not_wait_before_the_first() -> None:
    desk = Desk()
    await desk.replay(letters(0, 1, 2))
    assert desk.watch.slept == pytest.approx([0.1, 0.1])
