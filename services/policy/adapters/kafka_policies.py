"""The policies topic: every version there is, and the way to change one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from services.policy.compiled import Policy
from services.policy.stages import PolicyBook
from shared.errors import SystemicError
from shared.events import PolicyVersionChanged
from shared.stream.compacted import CompactedTopic
from shared.stream.confluent_publisher import ConfluentPublisher
from shared.stream.envelope import envelope
from shared.stream.publisher import Publisher
from shared.topics import POLICIES

_SEEN_SECONDS = 10.0


class StopQueue:
    """Publishes what the circuit breaker stopped, in the background of a worker."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self._waiting: asyncio.Queue[PolicyVersionChanged] = asyncio.Queue()

    def put(self, change: PolicyVersionChanged) -> None:
        self._waiting.put_nowait(change)

    async def run(self) -> None:
        while True:
            change = await self._waiting.get()
            await self._publisher.publish(envelope(POLICIES, change, source="policy"))


@dataclass
class PolicyLedger:
    """The book as the topic has it, and the way to add to it."""

    book: PolicyBook
    publisher: Publisher
    _arrived: dict[str, asyncio.Event]

    async def record(self, change: PolicyVersionChanged) -> None:
        """Return when the broker has the change and it was read back, so that every worker can read it too.

        Raises:
            SystemicError: somebody else changed it at the same moment; look at the versions and repeat.
        """
        arrived = self._arrived[change.event_id] = asyncio.Event()
        await self.publisher.publish(envelope(POLICIES, change, source="policy"))
        await asyncio.wait_for(arrived.wait(), _SEEN_SECONDS)
        word = self.book.word(change.version)
        if word is None or word.event_id != change.event_id:
            raise SystemicError("another change came first: look at the versions and repeat yours")

    def seen(self, _version: str, change: PolicyVersionChanged | None) -> None:
        if change is not None and (arrived := self._arrived.get(change.event_id)) is not None:
            arrived.set()


@asynccontextmanager
async def open_ledger(bootstrap_servers: str, shipped: Policy) -> AsyncIterator[PolicyLedger]:
    book = PolicyBook(shipped)
    async with ConfluentPublisher(bootstrap_servers) as publisher:
        ledger = PolicyLedger(book, publisher, {})

        def on_change(version: str, change: PolicyVersionChanged | None) -> None:
            book.put(version, change)
            ledger.seen(version, change)

        async with CompactedTopic(POLICIES, PolicyVersionChanged, bootstrap_servers, on_change=on_change):
            yield ledger
