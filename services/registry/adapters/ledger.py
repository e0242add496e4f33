"""A compacted topic as a ledger: published, acknowledged, and seen to have arrived."""

import asyncio
from types import TracebackType
from typing import Generic, Self, TypeVar

from shared.errors import SystemicError
from shared.events import Event
from shared.stream.compacted import CompactedTopic
from shared.stream.envelope import envelope
from shared.stream.publisher import Publisher
from shared.topics import Topic

E = TypeVar("E", bound=Event)
SOURCE = "registry"


class KafkaLedger(Generic[E]):
    """An async context manager; entering it reads the whole topic.

    Meant for one writing process: two would not see each other's last word before saying the next.
    """

    def __init__(
        self,
        topic: Topic,
        event: type[E],
        bootstrap_servers: str,
        publisher: Publisher,
        *,
        arrival_seconds: float = 10.0,
    ) -> None:
        self._topic = topic
        self._publisher = publisher
        self._arrival_seconds = arrival_seconds
        self._awaited: dict[str, asyncio.Event] = {}
        self._view = CompactedTopic(topic, event, bootstrap_servers, on_change=self._on_change)

    @property
    def current(self) -> dict[str, E]:
        return dict(self._view.current)

    async def __aenter__(self) -> Self:
        await self._view.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._view.__aexit__(kind, error, trace)

    async def record(self, event: E) -> None:
        arrived = self._awaited.setdefault(event.event_id, asyncio.Event())
        try:
            await self._publisher.publish(envelope(self._topic, event, source=SOURCE))
            await asyncio.wait_for(arrived.wait(), self._arrival_seconds)
        except TimeoutError:
            raise SystemicError(f"{self._topic.name}: what was published has not come back yet") from None
        finally:
            self._awaited.pop(event.event_id, None)

    def _on_change(self, _key: str, event: E | None) -> None:
        if event is not None and event.event_id in self._awaited:
            self._awaited[event.event_id].set()
