"""A broker in memory, for tests of handlers and of the runner's promises.

tests/contract runs one suite on this and on Apache Kafka, so that a test against it says something. It is
never offered by a setting: a running Trackgate needs a real broker.
"""

import asyncio
import contextlib
import zlib
from collections import defaultdict
from collections.abc import AsyncIterator

from shared.clock import Clock, SystemClock
from shared.errors import PublishError
from shared.settings import WorkerSettings
from shared.stream.assembly import assemble
from shared.stream.message import Message, Record
from shared.stream.processor import Processor, Settlement
from shared.stream.progress import Progress
from shared.stream.routing import not_before
from shared.stream.wiring import Wire

DUE_POLL_SECONDS = 0.01


class MemoryBroker:
    """Topics with partitions, offsets and committed positions. A Publisher."""

    def __init__(self, *, partitions: int = 4) -> None:
        self.available = True
        self._partitions = partitions
        self._logs: defaultdict[tuple[str, int], list[Message]] = defaultdict(list)
        self._committed: defaultdict[tuple[str, str, int], int] = defaultdict(int)
        self._news = asyncio.Condition()

    async def publish(self, record: Record) -> None:
        if not self.available:
            raise PublishError(f"{record.topic}: the broker is not available")
        partition = zlib.crc32(record.key or b"") % self._partitions
        log = self._logs[record.topic, partition]
        log.append(Message(record.topic, partition, len(log), record.key, record.value, dict(record.headers)))
        await self.wake()

    def records(self, topic: str) -> list[Message]:
        return [message for p in range(self._partitions) for message in self._logs[topic, p]]

    def committed(self, group: str, topic: str) -> int:
        """How many messages of the topic the group has committed."""
        return sum(self._committed[group, topic, p] for p in range(self._partitions))

    async def until_committed(self, group: str, topic: str, messages: int) -> None:
        """Wait until the group has committed so many messages of the topic."""
        async with self._news:
            await self._news.wait_for(lambda: self.committed(group, topic) >= messages)

    async def consume(
        self,
        group: str,
        topic: str,
        partition: int,
        processor: Processor,
        clock: Clock,
        closing: asyncio.Event,
    ) -> None:
        """Feed one partition's messages in order, committing each once it is settled, until ``closing``."""
        log, place = self._logs[topic, partition], (group, topic, partition)
        while not closing.is_set():
            if self._committed[place] == len(log):
                async with self._news:
                    await self._news.wait()
                continue
            message = log[self._committed[place]]
            due = not_before(message)
            if due is not None and due > clock.now():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(closing.wait(), DUE_POLL_SECONDS)
            elif await processor.process(message) is Settlement.ABANDONED:
                return
            else:
                self._committed[place] += 1
                await self.wake()

    async def wake(self) -> None:
        """Let idle consumers look again."""
        async with self._news:
            self._news.notify_all()

    @property
    def partitions(self) -> range:
        return range(self._partitions)


@contextlib.asynccontextmanager
async def consuming_in_memory(
    broker: MemoryBroker, service: str, settings: WorkerSettings, wire: Wire, *, clock: Clock | None = None
) -> AsyncIterator[Progress]:
    """As shared.stream.runner.consuming, on a MemoryBroker. Leaving finishes and commits what is in hand."""
    clock = clock or SystemClock()
    closing = asyncio.Event()
    progress = Progress(stuck_seconds=settings.stuck_seconds)
    async with wire(broker) as wiring:
        assembly = assemble(
            service, wiring, broker, settings, clock=clock, progress=progress, closing=closing
        )
        tasks = [
            asyncio.create_task(broker.consume(service, topic, partition, processor, clock, closing))
            for topic, processor in (assembly.main | assembly.delayed).items()
            for partition in broker.partitions
        ]
        background = [asyncio.ensure_future(start()) for start in wiring.background]
        try:
            yield progress
        finally:
            closing.set()
            await broker.wake()
            await asyncio.gather(*tasks)
            for task in background:
                task.cancel()
            await asyncio.gather(*background, return_exceptions=True)
