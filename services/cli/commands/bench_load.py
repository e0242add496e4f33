"""The load: paced arrivals, a burst, big files, duplicates, and a loop that keeps some tracks in flight."""

import asyncio
import itertools
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from services.cli.adapters.tracks_api import TracksApi
from services.cli.commands.bench_audio import Recording
from services.cli.commands.bench_record import KafkaRecord
from services.cli.commands.bench_report import Sent
from services.cli.problems import Refusal

_LOOK_SECONDS = 0.05


@dataclass(frozen=True)
class Plan:
    """``every`` is in seconds between paced arrivals; of ten tracks, ``duplicates`` are sent again."""

    paced: int
    every: float
    burst: int
    big: int
    closed: int
    in_flight: int
    duplicates: int
    patience: float

    @property
    def tracks(self) -> int:
        return self.paced + self.burst + self.big + self.closed


@dataclass(frozen=True)
class Loaded:
    sent: tuple[Sent, ...]
    closed_seconds: float


class Load:
    """``told`` is called with each delivery that was answered."""

    def __init__(
        self,
        api: TracksApi,
        record: KafkaRecord,
        plan: Plan,
        *,
        usual: Sequence[Recording],
        big: Sequence[Recording],
        told: Callable[[Sent], None],
    ) -> None:
        self._api = api
        self._record = record
        self._plan = plan
        self._usual: Iterator[Recording] = itertools.cycle(usual)
        self._big = itertools.cycle(big)
        self._told = told
        self._sent: list[Sent] = []
        self._numbers = itertools.count(1)

    async def run(self) -> Loaded:
        """Returns when every track that was accepted is decided, or its patience has run out."""
        plan = self._plan
        waiting: list[asyncio.Task[None]] = []
        for _ in range(plan.paced):
            waiting.append(asyncio.create_task(self._one("paced", next(self._usual))))
            await asyncio.sleep(plan.every)
        waiting += [asyncio.create_task(self._one("big", next(self._big))) for _ in range(plan.big)]
        waiting += [asyncio.create_task(self._one("burst", next(self._usual))) for _ in range(plan.burst)]
        await asyncio.gather(*waiting)
        began = time.monotonic()
        left = itertools.repeat(None, plan.closed)
        await asyncio.gather(*(self._loop(left) for _ in range(plan.in_flight)))
        return Loaded(tuple(self._sent), time.monotonic() - began)

    async def _loop(self, left: Iterator[None]) -> None:
        for _ in left:
            await self._one("closed", next(self._usual))

    async def _one(self, phase: str, recording: Recording) -> None:
        number = next(self._numbers)
        with tempfile.TemporaryDirectory(prefix="trackgate-bench-") as folder:
            file = Path(folder) / f"{number}.flac"
            await asyncio.to_thread(file.write_bytes, recording.unique())
            sent = await self._deliver(phase, file, number, recording.seconds, again=False)
            if sent.track_id is not None and number % 10 < self._plan.duplicates:
                await self._deliver(phase, file, number, recording.seconds, again=True)
        if sent.track_id is not None:
            await self._until_decided(sent.track_id)

    async def _until_decided(self, track_id: str) -> None:
        patience = time.monotonic() + self._plan.patience
        while not self._record.is_decided(track_id) and time.monotonic() < patience:  # noqa: ASYNC110 - another thread reads the topics
            await asyncio.sleep(_LOOK_SECONDS)

    async def _deliver(self, phase: str, file: Path, number: int, seconds: float, *, again: bool) -> Sent:
        metadata = {
            "title": f"Load test {number}",
            "display_artist": "Trackgate bench",
            "ai_use": "none",
        }
        began, track_id, fault = time.monotonic(), None, ""
        try:
            track_id = await self._api.deliver(file, metadata, lambda _sent: None)
        except (Refusal, httpx.TransportError) as error:
            fault = str(error) or type(error).__name__
        sent = Sent(phase, track_id, seconds, time.monotonic() - began, again, fault)
        self._sent.append(sent)
        self._told(sent)
        return sent
