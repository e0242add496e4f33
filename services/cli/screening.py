"""Submitting files and following them to their decisions, several at a time."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import httpx

from services.cli.metadata import Metadata
from services.cli.problems import Refusal, silence
from services.cli.tracks import RECEIVED, Track
from shared.errors import TrackgateError


class Tracks(Protocol):
    """As ``services.cli.adapters.tracks_api.TracksApi``."""

    async def deliver(self, path: Path, metadata: Metadata, on_bytes: Callable[[int], None], /) -> str: ...

    def watch(self, track_id: str) -> AsyncIterator[Track]: ...


class Display(Protocol):
    """What is shown of each file while it is on its way."""

    def sent(self, index: int, done: int) -> None:
        """``done`` bytes of the file have been sent."""
        ...

    def state(self, index: int, text: str) -> None: ...


@dataclass(frozen=True)
class Submission:
    path: Path
    metadata: Metadata


@dataclass(frozen=True)
class Decided:
    """``seconds`` from the first byte sent to the decision seen."""

    track: Track
    seconds: float


@dataclass(frozen=True)
class Accepted:
    """Safe with the service; nobody waited for its decision."""

    track_id: str


@dataclass(frozen=True)
class Undecided:
    """Accepted, but the decision did not come in time or could not be watched for."""

    track_id: str
    reason: str


@dataclass(frozen=True)
class Failed:
    """Not accepted: refused, or never arrived."""

    reason: str


Result = Decided | Accepted | Undecided | Failed


async def submit(
    tracks: Tracks,
    submissions: list[Submission],
    display: Display,
    *,
    watch: bool,
    parallel: int,
    patience_seconds: float,
) -> list[Result]:
    """Deliver all, ``parallel`` at a time; with ``watch``, follow each to its decision. In their order."""
    slots = asyncio.Semaphore(parallel)

    async def one(index: int, submission: Submission) -> Result:
        async with slots:
            started = time.monotonic()
            display.state(index, "uploading")
            outcome = await _deliver(tracks, submission, lambda done: display.sent(index, done))
        if isinstance(outcome, Failed):
            display.state(index, "refused")
            return outcome
        display.state(index, "accepted")
        if not watch:
            return Accepted(outcome)
        return await _follow(
            tracks, outcome, lambda text: display.state(index, text), started, patience_seconds
        )

    return await asyncio.gather(*(one(index, submission) for index, submission in enumerate(submissions)))


async def _deliver(tracks: Tracks, submission: Submission, on_bytes: Callable[[int], None]) -> str | Failed:
    try:
        return await tracks.deliver(submission.path, submission.metadata, on_bytes)
    except Refusal as refusal:
        return Failed(str(refusal))
    except httpx.TransportError as error:
        return Failed(silence(error))
    except OSError as error:
        return Failed(f"cannot read the file: {error.strerror}")


async def _follow(
    tracks: Tracks, track_id: str, show: Callable[[str], None], started: float, patience: float
) -> Result:
    try:
        async with asyncio.timeout(patience):
            async for track in tracks.watch(track_id):
                show(track.progress)
                if track.state != RECEIVED:
                    return Decided(track, time.monotonic() - started)
    except TimeoutError:
        show("undecided")
        return Undecided(track_id, f"no decision within {patience:g} s; `trackgate watch` waits on")
    except (Refusal, TrackgateError) as error:
        show("undecided")
        return Undecided(track_id, str(error))
    return Undecided(track_id, "the upload API ended the stream without a decision")
