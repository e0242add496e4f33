"""Reading whole topics with librdkafka, without a consumer group."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Sequence

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka import Message as Received

from shared.errors import SystemicError
from shared.stream.librdkafka import LOG_LEVEL, told
from shared.stream.message import Message
from shared.stream.replay import ends_of
from shared.topics import Topic

BATCH = 500
ANSWER_SECONDS = 10.0
POLL_SECONDS = 0.1
SILENCE_POLLS = 300


class KafkaHistory:
    """Blocking calls run in threads. Nothing is committed, so no worker's place is touched."""

    def __init__(self, bootstrap_servers: str) -> None:
        self._bootstrap = bootstrap_servers

    async def size(self, topic: Topic) -> int:
        return await asyncio.to_thread(self._size, topic.name)

    def _size(self, name: str) -> int:
        consumer = self._consumer()
        try:
            marks = [
                ends_of(consumer, partition, ANSWER_SECONDS) for partition in self._partitions(consumer, name)
            ]
        except KafkaException as error:
            raise SystemicError(f"{name} could not be measured: {error}") from error
        finally:
            consumer.close()
        return sum(high - low for low, high in marks)

    async def read(self, topic: Topic) -> AsyncIterator[Sequence[Message]]:
        """Until every partition has been at its end; what arrives meanwhile in others is read as well."""
        consumer = self._consumer()
        try:
            partitions = await asyncio.to_thread(self._partitions, consumer, topic.name)
            consumer.assign([TopicPartition(topic.name, p.partition, OFFSET_BEGINNING) for p in partitions])
            unfinished = {partition.partition for partition in partitions}
            silent = 0
            while unfinished:
                received = await asyncio.to_thread(consumer.consume, BATCH, POLL_SECONDS)
                silent = silent + 1 if not received else 0
                if silent >= SILENCE_POLLS:
                    raise SystemicError(f"{topic.name} stopped answering while it was read")
                batch = _records(received, unfinished)
                if batch:
                    yield batch
        except KafkaException as error:
            raise SystemicError(f"{topic.name} could not be read: {told(error)}") from error
        finally:
            await asyncio.to_thread(consumer.close)

    def _consumer(self) -> Consumer:
        return Consumer(
            {
                "bootstrap.servers": self._bootstrap,
                "group.id": f"trackgate-history-{uuid.uuid4()}",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "log_level": LOG_LEVEL,
            }
        )

    def _partitions(self, consumer: Consumer, name: str) -> list[TopicPartition]:
        found = consumer.list_topics(name, timeout=ANSWER_SECONDS).topics[name]
        if found.error is not None or not found.partitions:
            raise SystemicError(
                f"the topic {name} does not exist (create it with `trackgate topics --create`)"
            )
        return [TopicPartition(name, partition) for partition in found.partitions]


def _records(received: list[Received], unfinished: set[int]) -> list[Message]:
    """The records among what was received; partitions that reached their end leave ``unfinished``."""
    records: list[Message] = []
    for message in received:
        fault = message.error()
        if fault is None:
            records.append(
                Message(
                    topic=message.topic() or "",
                    partition=message.partition() or 0,
                    offset=message.offset() or 0,
                    key=message.key(),
                    value=message.value(),
                )
            )
        elif fault.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - librdkafka's public name for it
            unfinished.discard(message.partition() or 0)
        else:
            raise KafkaException(fault)
    return records
