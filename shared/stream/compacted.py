"""A compacted topic as a mapping that keeps itself current; every process reads all of it."""

import asyncio
import threading
import uuid
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Generic, Self, TypeVar

import structlog
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka import Message as Received

from shared.errors import ContractError, SystemicError
from shared.events import Event
from shared.stream.librdkafka import LOG_LEVEL, told
from shared.topics import Topic

E = TypeVar("E", bound=Event)
log = structlog.get_logger()
_ANSWER_SECONDS, _PAUSE_SECONDS = 5.0, 0.5
_LOOK_SECONDS = 0.25
"""A record ends a poll at once; this is how long stopping may take."""


class CompactedTopic(Generic[E]):
    """The last word on each key of ``topic``. An async context manager.

    Entering it blocks until everything that was on the topic at that moment has been read, so a worker never
    answers from half a registry. ``on_change`` is called in the event loop with the key and the new event, or
    None for a tombstone, for records read at start as well. A record that is no valid event is logged and
    skipped: the registry must not be stopped by one bad record, and the last valid word stays.
    """

    def __init__(
        self,
        topic: Topic,
        event: type[E],
        bootstrap_servers: str,
        *,
        on_change: Callable[[str, E | None], None] | None = None,
        start_seconds: float = 30.0,
    ) -> None:
        self._topic = topic
        self._event = event
        self._bootstrap = bootstrap_servers
        self._on_change = on_change
        self._start_seconds = start_seconds
        self._current: dict[str, E] = {}
        self._stopping = threading.Event()
        self._caught_up = asyncio.Event()
        self._failure: str | None = None
        self._thread = threading.Thread(target=self._read, name=f"compacted-{topic.name}", daemon=True)

    @property
    def current(self) -> Mapping[str, E]:
        return self._current

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._thread.start()
        try:
            await asyncio.wait_for(self._caught_up.wait(), self._start_seconds)
        except TimeoutError:
            self._stopping.set()
            raise SystemicError(
                f"{self._topic.name} could not be read within {self._start_seconds:g} s: "
                f"{self._failure or 'no answer from the broker'}"
            ) from None
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        await asyncio.to_thread(self._thread.join)

    def _read(self) -> None:
        consumer = Consumer(
            {
                "bootstrap.servers": self._bootstrap,
                "group.id": f"trackgate-compacted-{uuid.uuid4()}",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "log_level": LOG_LEVEL,
            }
        )
        try:
            waiting = self._assign(consumer)
            while not self._stopping.is_set():
                received = consumer.poll(_LOOK_SECONDS)
                if received is None:
                    continue
                fault = received.error()
                if fault is None:
                    self._loop.call_soon_threadsafe(self._apply, received)
                elif fault.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - librdkafka's public name for it
                    waiting.discard(received.partition())
                    if not waiting:
                        self._loop.call_soon_threadsafe(self._caught_up.set)
                else:
                    self._failure = fault.str()
                    log.warning("compacted topic", topic=self._topic.name, fault=fault.str())
        except RuntimeError:
            if not self._loop.is_closed():
                raise
        finally:
            consumer.close()

    def _assign(self, consumer: Consumer) -> set[int]:
        """Take all partitions from the start; waits for the broker to answer and the topic to exist."""
        name = self._topic.name
        while not self._stopping.is_set():
            try:
                partitions = consumer.list_topics(name, timeout=_ANSWER_SECONDS).topics[name].partitions
            except KafkaException as error:
                self._failure = told(error)
                self._stopping.wait(_PAUSE_SECONDS)
                continue
            if partitions:
                consumer.assign([TopicPartition(name, p, OFFSET_BEGINNING) for p in partitions])
                return set(partitions)
            self._failure = "the topic does not exist (create it with `trackgate topics --create`)"
            self._stopping.wait(_PAUSE_SECONDS)
        return set()

    def _apply(self, received: Received) -> None:
        key = (received.key() or b"").decode(errors="replace")
        if received.value() is None:
            self._current.pop(key, None)
            event = None
        else:
            try:
                event = self._event.from_bytes(received.value())
            except ContractError as error:
                log.warning(
                    "skipped a bad record", topic=self._topic.name, offset=received.offset(), fault=str(error)
                )
                return
            self._current[key] = event
        if self._on_change is not None:
            self._on_change(key, event)
