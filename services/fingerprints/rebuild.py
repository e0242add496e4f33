"""The shelf anew from Kafka: all deliveries, then all decisions on them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Protocol, TypeVar

import structlog

from services.fingerprints.domain import CompressionError, Recording
from services.fingerprints.ports import Shelf
from shared.errors import ContractError
from shared.events import DecisionMade, Event, Outcome, TrackUploaded
from shared.topics import DECISIONS, UPLOADS, Topic

E = TypeVar("E", bound=Event)
_BATCH = 200
log = structlog.get_logger()

Replay = Callable[[Topic], Iterator[bytes | None]]
"""All values of a topic from its start to its end. Blocks; raises SystemicError when the broker is away."""


class Mark(Protocol):
    """Says whether the shelf is whole. Gone when Redis was emptied, like the shelf."""

    async def built(self) -> bool: ...

    async def begin(self) -> None: ...

    async def finish(self) -> None:
        """Raises SystemicError if Redis was emptied since ``begin``."""
        ...


@dataclass(frozen=True)
class Rebuilt:
    recordings: int
    decisions: int
    skipped: int


class Rebuild:
    """Empties nothing: every step may be repeated, beside running workers and beside another rebuild."""

    def __init__(self, replay: Replay, shelf: Shelf, mark: Mark) -> None:
        self._replay = replay
        self._shelf = shelf
        self._mark = mark

    async def ensure(self) -> None:
        """Rebuild if the shelf is not whole.

        Raises:
            SystemicError: Kafka or Redis does not answer.
        """
        if await self._mark.built():
            return
        log.warning("the fingerprints are not in Redis: reading them from Kafka")
        rebuilt = await self.run()
        log.info("fingerprints are read", recordings=rebuilt.recordings, decisions=rebuilt.decisions)

    async def run(self) -> Rebuilt:
        await self._mark.begin()
        recordings = decisions = skipped = 0
        async for upload in _events(self._replay(UPLOADS), TrackUploaded):
            try:
                recording = Recording.of(upload) if upload is not None else None
            except CompressionError:
                recording = None
            if recording is None:
                skipped += 1
                continue
            await self._shelf.add(recording)
            recordings += 1
        async for decision in _events(self._replay(DECISIONS), DecisionMade):
            if decision is None:
                skipped += 1
                continue
            await self._judged(decision)
            decisions += 1
        await self._mark.finish()
        return Rebuilt(recordings, decisions, skipped)

    async def _judged(self, decision: DecisionMade) -> None:
        removed = decision.outcome is Outcome.REJECT
        standing = await self._shelf.judged(decision.track_id, decision.sequence, removed=removed)
        if not standing.ever:
            return
        for shelved in (await self._shelf.load([decision.track_id])).values():
            await self._shelf.keep_findable(shelved.recording)


async def _events(values: Iterator[bytes | None], kind: type[E]) -> AsyncIterator[E | None]:
    """None for a record that is no such event."""
    while batch := await asyncio.to_thread(lambda: list(islice(values, _BATCH))):
        for value in batch:
            try:
                event = kind.from_bytes(value)
            except ContractError:
                yield None
                continue
            yield event
