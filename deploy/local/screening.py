"""Delivering the samples over HTTP as their distributors, and following each to its decision."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Protocol

import httpx

from deploy.local.results import Decided, Given, Refused, Screened, Undecided, is_settled, what_is_missing
from deploy.samples.manifest import Sample
from services.cli.problems import Refusal
from services.cli.tracks import Track
from shared.errors import TrackgateError, TransientError

PARALLEL_UPLOADS = 3
_WATCH_STACK_S = 0.5
_UNAVAILABLE = 500


class Tracks(Protocol):
    """The upload API for one distributor, as ``services.cli.adapters.tracks_api.TracksApi``."""

    async def deliver(self, path: Path, metadata: dict[str, Any], on_bytes: Callable[[int], None]) -> str: ...

    def watch(self, track_id: str) -> AsyncIterator[Track]: ...


class View(Protocol):
    """Where the progress of each sample is shown, by its index."""

    def sent(self, index: int, done: int) -> None:
        """``done`` bytes of the file have been sent."""
        ...

    def state(self, index: int, text: str) -> None: ...

    def ended(self, index: int, screened: Screened) -> None: ...


class Screening:
    """``patience_s`` is what each sample may take from its delivery to its decision."""

    def __init__(
        self,
        distributors: Mapping[str, Tracks],
        view: View,
        *,
        today: date,
        patience_s: float,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._distributors = distributors
        self._view = view
        self._today = today
        self._patience_s = patience_s
        self._sleep = sleep
        self._slots = asyncio.Semaphore(PARALLEL_UPLOADS)

    async def screen(self, samples: Sequence[Sample], check: Callable[[], None]) -> list[Screened]:
        """All samples, in their order. ``check`` is called all the while; what it raises ends this."""
        watching: asyncio.Future[Any] = asyncio.ensure_future(self._keep_checking(check))
        work: asyncio.Future[list[Screened]] = asyncio.gather(
            *(self._one(index, sample) for index, sample in enumerate(samples))
        )
        try:
            both: list[asyncio.Future[Any]] = [watching, work]
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            if watching.done():
                watching.result()
            return await work
        finally:
            watching.cancel()
            work.cancel()
            await asyncio.gather(watching, work, return_exceptions=True)

    async def _keep_checking(self, check: Callable[[], None]) -> None:
        while True:
            check()
            await self._sleep(_WATCH_STACK_S)

    async def _one(self, index: int, sample: Sample) -> Screened:
        tracks = self._distributors[sample.distributor]
        async with self._slots:
            started, since = time.monotonic(), datetime.now(UTC)
            self._view.state(index, "uploading")
            delivered = await self._deliver(tracks, index, sample, started)
        if isinstance(delivered, str):
            self._view.state(index, "received")
            given = await self._follow(tracks, index, delivered, started, since)
        else:
            given = delivered
        screened = Screened(sample, given)
        self._view.ended(index, screened)
        return screened

    async def _deliver(
        self, tracks: Tracks, index: int, sample: Sample, started: float
    ) -> str | Refused | Undecided:
        """The track id. A connection that breaks is tried again: a delivery made twice is one track."""
        metadata = sample.metadata(self._today)
        while True:
            try:
                return await tracks.deliver(sample.path, metadata, lambda done: self._view.sent(index, done))
            except Refusal as refusal:
                took = time.monotonic() - started
                if refusal.status >= _UNAVAILABLE:
                    return Undecided(None, f"ingest did not take the delivery: {refusal}", took)
                return Refused.by(refusal, took)
            except httpx.TransportError as error:
                took = time.monotonic() - started
                if took > self._patience_s:
                    return Undecided(None, f"ingest does not answer ({type(error).__name__})", took)
                await self._sleep(_WATCH_STACK_S)

    async def _follow(
        self, tracks: Tracks, index: int, track_id: str, started: float, since: datetime
    ) -> Given:
        """Until a settled decision. When patience ends, the decision that stands counts, if there is one."""
        last: Track | None = None
        why = ""
        try:
            async with asyncio.timeout(self._patience_s):
                async for last in self._changes(tracks, track_id):
                    self._view.state(index, last.progress)
                    if is_settled(last):
                        break
        except TimeoutError:
            why = f"after {self._patience_s:.0f} s: "
        except (Refusal, TrackgateError) as error:
            why = f"{error}; "
        took = time.monotonic() - started
        if last is None or last.decision is None:
            return Undecided(track_id, f"{why}{what_is_missing(last)}", took)
        if last.decision.decided_at < since:
            return Decided(last, last.seconds or 0.0, repeated=True)
        return Decided(last, took)

    async def _changes(self, tracks: Tracks, track_id: str) -> AsyncIterator[Track]:
        """Watches on for as long as the caller likes: a service that crashed is being started again."""
        while True:
            try:
                async for track in tracks.watch(track_id):
                    yield track
            except TransientError:
                await self._sleep(_WATCH_STACK_S)
            else:
                return
