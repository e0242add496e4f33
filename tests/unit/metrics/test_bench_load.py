"""What the load test sends: at a pace, all at once, big, twice, and so many under way."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from services.cli.commands.bench_audio import Recording
from services.cli.commands.bench_load import Load, Plan
from services.cli.commands.bench_report import Sent

FLAC_HEAD = b"fLaC" + bytes(38)
USUAL, BIG = Recording(FLAC_HEAD + b"usual", 180.0), Recording(FLAC_HEAD + b"big", 900.0)
NOTHING = Plan(paced=0, every=0.0, burst=0, big=0, closed=0, in_flight=1, duplicates=0, patience=20.0)


@dataclass
class Door:
    """Takes every file, a new track for each content; decides all of them once ``together`` are under way."""

    together: int = 1

    tracks: dict[bytes, str] = field(default_factory=dict)
    under_way: set[str] = field(default_factory=set)
    most_under_way: int = 0
    decided: set[str] = field(default_factory=set)

    async def deliver(self, path: Path, metadata: Mapping[str, str], _told: Callable[[int], None]) -> str:
        assert metadata["title"]
        content = await asyncio.to_thread(path.read_bytes)
        if content in self.tracks:
            return self.tracks[content]
        track_id = self.tracks[content] = str(len(self.tracks) + 1)
        self.under_way.add(track_id)
        self.most_under_way = max(self.most_under_way, len(self.under_way))
        if len(self.under_way) >= self.together:
            self.decided |= self.under_way
            self.under_way.clear()
        return track_id

    def is_decided(self, track_id: str) -> bool:
        return track_id in self.decided


async def sent_by(plan: Plan, door: Door) -> list[Sent]:
    told: list[Sent] = []
    load = Load(door, door, plan, usual=[USUAL], big=[BIG], told=told.append)  # type: ignore[arg-type]  # both are doors
    loaded = await load.run()
    assert list(loaded.sent) == told
    return told


async def test_a_burst_is_under_way_all_at_once_with_the_big_file_in_it():
    door = Door(together=7)
    sent = await sent_by(replace(NOTHING, burst=6, big=1), door)
    assert door.most_under_way == 7
    assert sorted((one.phase, one.audio_seconds) for one in sent) == [("big", 900.0)] + [("burst", 180.0)] * 6


async def test_paced_tracks_arrive_apart():
    door = Door()
    began = time.monotonic()
    sent = await sent_by(replace(NOTHING, paced=3, every=0.05), door)
    assert [one.phase for one in sent] == ["paced"] * 3
    assert time.monotonic() - began >= 0.15


async def test_the_closed_loop_keeps_so_many_under_way_and_no_more():
    door = Door(together=3)
    sent = await sent_by(replace(NOTHING, closed=9, in_flight=3), door)
    assert len(sent) == len(door.tracks) == 9
    assert door.most_under_way == 3


async def test_of_ten_tracks_so_many_are_sent_a_second_time_with_the_same_bytes():
    door = Door()
    sent = await sent_by(replace(NOTHING, closed=20, in_flight=4, duplicates=2), door)
    again = [one for one in sent if one.again]
    assert len(again) == 4
    assert len(door.tracks) == 20
    first = {one.track_id for one in sent if not one.again}
    assert {one.track_id for one in again} <= first


async def test_a_track_that_is_never_decided_is_waited_for_as_long_as_patience_says():
    door = Door()
    door.is_decided = lambda _track: False  # type: ignore[method-assign]  # policy stands still
    async with asyncio.timeout(30):
        sent = await sent_by(replace(NOTHING, burst=1, patience=0.2), door)
    assert sent[0].track_id == "1"
