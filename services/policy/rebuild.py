"""Building the track views and deadlines anew from the topics that they are folded from."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Protocol

import structlog

from shared.errors import ContractError
from shared.events import DecisionMade, FindingRecorded, LabelStated, ReviewResolved, TrackUploaded
from shared.stream.message import Message
from shared.topics import DECISIONS, FINDINGS, LABELS, REVIEWS, UPLOADS, Topic
from shared.views.tracks import TrackEvent

log = structlog.get_logger()

# Decisions last: an upload sets its deadline, and a decision clears it.
REBUILT_FROM: tuple[Topic, ...] = (UPLOADS, FINDINGS, REVIEWS, LABELS, DECISIONS)
Progress = Callable[[str, int, int], None]
"""Called with a topic's name, how many of its records were read, and how many there are."""


class History(Protocol):
    """The topics, from their beginning to where they end when the reading gets there."""

    async def size(self, topic: Topic) -> int:
        """How many records the topic holds, roughly."""
        ...

    def read(self, topic: Topic) -> AsyncIterator[Sequence[Message]]:
        """Every record, in batches, in the order of its partition.

        Raises:
            SystemicError: the broker does not answer, or a topic does not exist.
        """
        ...


class Views(Protocol):
    """The views as a rebuild writes them: in bulk, and with a mark that says that they are complete."""

    def rebuilding(self) -> AbstractAsyncContextManager[None]:
        """Only one rebuild at a time. Leaving without an error sets the mark, if Redis was not emptied again.

        Raises:
            SystemicError: it was; rebuild once more.
        """
        ...

    async def built(self) -> bool: ...

    async def record_all(self, events: Sequence[TrackEvent], deadline: timedelta) -> None:
        """Write the events in this order; uploads set their deadline, decisions clear it."""
        ...


class Rebuild:
    """Empties nothing: each event is one field write, so building over what is there gives the same views."""

    def __init__(
        self,
        history: History,
        views: Views,
        *,
        deadline: timedelta,
        progress: Progress = lambda _topic, _read, _all: None,
    ) -> None:
        self._history = history
        self._views = views
        self._deadline = deadline
        self._progress = progress

    async def ensure(self) -> bool:
        """Rebuild if the views are not there; whether that was needed. Several workers may call it."""
        if await self._views.built():
            return False
        async with self._views.rebuilding():
            if await self._views.built():
                return False
            log.warning("the track views are empty: rebuilding them from Kafka, deciding nothing until then")
            await self._build()
        return True

    async def run(self) -> int:
        """Rebuild whatever is there; returns how many events were recorded."""
        async with self._views.rebuilding():
            return await self._build()

    async def _build(self) -> int:
        recorded = 0
        for topic in REBUILT_FROM:
            read, size = 0, await self._history.size(topic)
            self._progress(topic.name, 0, size)
            async for batch in self._history.read(topic):
                events = [event for message in batch if (event := _event(topic, message)) is not None]
                await self._views.record_all(events, self._deadline)
                read += len(batch)
                recorded += len(events)
                self._progress(topic.name, read, max(read, size))
        log.info("the track views are rebuilt", events=recorded)
        return recorded


def _event(topic: Topic, message: Message) -> TrackEvent | None:
    """The event of a record; None for one that never was valid (it went to the dead letters when it came)."""
    try:
        event = topic.event.from_bytes(message.value)
    except ContractError as error:
        log.warning("skipped a bad record", topic=message.topic, offset=message.offset, fault=str(error))
        return None
    if isinstance(event, TrackUploaded | FindingRecorded | DecisionMade | ReviewResolved | LabelStated):
        return event
    return None
