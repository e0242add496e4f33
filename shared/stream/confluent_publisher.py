"""Publishing on librdkafka: idempotent, acknowledged by all in-sync replicas."""

import asyncio
import threading
from types import TracebackType
from typing import Self

from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka import Message as Delivered

from shared.errors import PublishError
from shared.metrics import PUBLISHED, UNPUBLISHED
from shared.stream.librdkafka import LOG_LEVEL
from shared.stream.message import Record

_LOOK_SECONDS = 0.25
"""A delivery report ends a poll at once; this is how long stopping may take."""


class ConfluentPublisher:
    """Publishes from an event loop; a thread of its own serves librdkafka's delivery reports.

    An async context manager: leaving it waits for everything in flight (``flush_seconds`` at most).
    """

    def __init__(
        self, bootstrap_servers: str, *, delivery_seconds: float = 30.0, flush_seconds: float = 30.0
    ) -> None:
        self._producer = Producer(
            {
                "bootstrap.servers": bootstrap_servers,
                "enable.idempotence": True,
                "acks": "all",
                "delivery.timeout.ms": int(delivery_seconds * 1000),
                "linger.ms": 2,
                "compression.type": "lz4",
                "message.max.bytes": 4 * 1024 * 1024,
                "log_level": LOG_LEVEL,
            }
        )
        self._flush_seconds = flush_seconds
        self._stopping = threading.Event()
        self._poller = threading.Thread(target=self._poll, name="publisher-poll", daemon=True)

    async def __aenter__(self) -> Self:
        self._poller.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self._producer.flush, self._flush_seconds)
        self._stopping.set()
        await asyncio.to_thread(self._poller.join)

    async def publish(self, record: Record) -> None:
        loop = asyncio.get_running_loop()
        acknowledged: asyncio.Future[None] = loop.create_future()

        def settle(error: KafkaError | None) -> None:
            if acknowledged.done():
                return
            if error is None:
                PUBLISHED.labels(record.topic).inc()
                acknowledged.set_result(None)
            else:
                UNPUBLISHED.labels(record.topic).inc()
                acknowledged.set_exception(PublishError(f"{record.topic}: {error.str()}"))

        def on_delivery(error: KafkaError | None, _delivered: Delivered) -> None:
            loop.call_soon_threadsafe(settle, error)

        try:
            self._producer.produce(
                record.topic,
                key=record.key,
                value=record.value,
                headers=list(record.headers.items()),
                on_delivery=on_delivery,
            )
        except (BufferError, KafkaException) as error:
            UNPUBLISHED.labels(record.topic).inc()
            raise PublishError(f"{record.topic}: {error}") from error
        await acknowledged

    def _poll(self) -> None:
        while not self._stopping.is_set():
            self._producer.poll(_LOOK_SECONDS)
