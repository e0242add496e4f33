"""The retry topics' consumer: takes a record up when it is due, without holding up the main topic.

It runs on librdkafka in a thread: a partition whose head is not due yet is paused until it is, while polling
goes on, so the group membership stays alive however long the wait. Each retry topic has one delay, hence
first in, first due.
"""

import asyncio
import threading
from collections.abc import Mapping
from datetime import datetime

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka import Message as Received

from shared import metrics
from shared.clock import Clock
from shared.stream.librdkafka import LOG_LEVEL, message_of
from shared.stream.message import Message
from shared.stream.processor import Processor, Settlement
from shared.stream.routing import not_before

log = structlog.get_logger()
POLL_SECONDS = 0.2


class DelayedConsumer:
    """Feeds due retries to the processor of the topic they came from; commits each when it is settled."""

    def __init__(
        self,
        service: str,
        bootstrap_servers: str,
        processors: Mapping[str, Processor],
        *,
        clock: Clock,
        session_seconds: float,
    ) -> None:
        """``processors`` maps a retry topic's name to the processor of its origin."""
        self._service = service
        self._processors = processors
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._stopping = threading.Event()
        self._waiting: dict[tuple[str, int], datetime] = {}
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap_servers,
                "group.id": f"{service}.retries",
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "session.timeout.ms": int(session_seconds * 1000),
                "queued.min.messages": 1,
                "log_level": LOG_LEVEL,
            }
        )
        self.failed: asyncio.Future[BaseException] = self._loop.create_future()
        self._thread = threading.Thread(target=self._run, name="retries", daemon=True)

    def start(self) -> None:
        if self._processors:
            self._thread.start()

    async def stop(self) -> None:
        """Finish what is in hand, commit it, leave the group."""
        self._stopping.set()
        if self._thread.is_alive():
            await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        try:
            self._consumer.subscribe(list(self._processors), on_assign=self._forget, on_revoke=self._forget)
            while not self._stopping.is_set():
                self._resume_due()
                received = self._consumer.poll(POLL_SECONDS)
                if received is None:
                    continue
                fault = received.error()
                if fault is None:
                    self._take(received)
                elif fault.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001 - librdkafka's public name for it
                    log.warning("retries", fault=fault.str())
        except BaseException as error:  # noqa: BLE001 - a thread's failure must reach the worker
            self._loop.call_soon_threadsafe(self._report, error)
        finally:
            self._consumer.close()

    def _report(self, error: BaseException) -> None:
        if not self.failed.done():
            self.failed.set_result(error)

    def _forget(self, _consumer: Consumer, _partitions: list[TopicPartition]) -> None:
        self._waiting.clear()

    def _take(self, received: Received) -> None:
        message = message_of(received)
        due = not_before(message)
        now = self._clock.now()
        if due is not None and due > now:
            self._put_back(message)
            self._waiting[message.topic, message.partition] = due
            return
        if due is not None:
            metrics.LATE_RETRY.labels(self._service).observe((now - due).total_seconds())
        if self._process(message):
            self._commit(message)

    def _commit(self, message: Message) -> None:
        place = TopicPartition(message.topic, message.partition, message.offset + 1)
        try:
            self._consumer.commit(offsets=[place], asynchronous=False)
        except KafkaException as error:
            # The partition moved meanwhile: its new owner takes the message again.
            log.warning("a settled retry will be taken again", topic=message.topic, fault=str(error))

    def _process(self, message: Message) -> bool:
        """Whether it was settled; polls meanwhile so that a long handler does not cost the membership."""
        assignment = self._consumer.assignment()
        self._consumer.pause(assignment)
        work = asyncio.run_coroutine_threadsafe(self._processors[message.topic].process(message), self._loop)
        while not work.done():
            received = self._consumer.poll(POLL_SECONDS)
            if received is not None and received.error() is None:
                self._put_back(message_of(received))
        if work.result() is Settlement.ABANDONED:
            return False
        waiting = set(self._waiting)
        self._consumer.resume(
            [tp for tp in self._consumer.assignment() if (tp.topic, tp.partition) not in waiting]
        )
        return True

    def _put_back(self, message: Message) -> None:
        place = TopicPartition(message.topic, message.partition, message.offset)
        self._consumer.pause([place])
        self._consumer.seek(place)

    def _resume_due(self) -> None:
        now = self._clock.now()
        for place, due in list(self._waiting.items()):
            if due <= now:
                del self._waiting[place]
                self._consumer.resume([TopicPartition(*place)])
