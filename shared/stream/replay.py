"""All of a topic from its start to where it ends now, without a consumer group's state."""

import time
import uuid
from collections.abc import Iterator

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition

from shared.errors import SystemicError
from shared.stream.librdkafka import LOG_LEVEL, told
from shared.topics import Topic

_NO_LEADER = {KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE}
_PAUSE_SECONDS = 0.1


def ends_of(consumer: Consumer, partition: TopicPartition, timeout_seconds: float) -> tuple[int, int]:
    """The first offset that a partition still holds, and the next that it will give. Blocks.

    A topic that was made a moment ago has no leader yet, and one that is moving has none for a moment.

    Raises:
        KafkaException: there is no answer in that time.
    """
    late = time.monotonic() + timeout_seconds
    while True:
        try:
            first, last = consumer.get_watermark_offsets(partition, timeout=timeout_seconds)
        except KafkaException as error:
            if error.args[0].code() not in _NO_LEADER or time.monotonic() > late:
                raise
            time.sleep(_PAUSE_SECONDS)
        else:
            return first, last


def whole(topic: Topic, bootstrap_servers: str, *, timeout_seconds: float = 30.0) -> bool:
    """Whether every record that the topic was ever given is still there, compaction apart. Blocks.

    Raises:
        SystemicError: the broker does not answer, or the topic does not exist.
    """
    consumer = Consumer(
        {"bootstrap.servers": bootstrap_servers, "group.id": "trackgate-whole", "log_level": LOG_LEVEL}
    )
    try:
        partitions = consumer.list_topics(topic.name, timeout=timeout_seconds).topics[topic.name].partitions
        if not partitions:
            raise SystemicError(f"the topic {topic.name} does not exist")
        ends = (
            ends_of(consumer, TopicPartition(topic.name, number), timeout_seconds) for number in partitions
        )
        return all(first == 0 for first, _ in ends)
    except KafkaException as error:
        raise SystemicError(f"{topic.name}: {told(error)}") from error
    finally:
        consumer.close()


def replay(topic: Topic, bootstrap_servers: str, *, timeout_seconds: float = 30.0) -> Iterator[bytes | None]:
    """Values in order of each partition. Blocks.

    Raises:
        SystemicError: the broker does not answer for ``timeout_seconds``, or the topic does not exist.
    """
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap_servers,
            "group.id": f"trackgate-replay-{uuid.uuid4()}",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "isolation.level": "read_committed",
            "log_level": LOG_LEVEL,
        }
    )
    try:
        partitions = consumer.list_topics(topic.name, timeout=timeout_seconds).topics[topic.name].partitions
        if not partitions:
            raise SystemicError(f"the topic {topic.name} does not exist")
        consumer.assign([TopicPartition(topic.name, number, OFFSET_BEGINNING) for number in partitions])
        waiting = set(partitions)
        while waiting:
            received = consumer.poll(timeout_seconds)
            if received is None:
                raise SystemicError(f"{topic.name}: no answer from the broker in {timeout_seconds:g} s")
            fault = received.error()
            if fault is None:
                yield received.value()
            elif fault.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - librdkafka's public name for it
                waiting.discard(received.partition())
            else:
                raise SystemicError(f"{topic.name}: {fault.str()}")
    except KafkaException as error:
        raise SystemicError(f"{topic.name}: {told(error)}") from error
    finally:
        consumer.close()
