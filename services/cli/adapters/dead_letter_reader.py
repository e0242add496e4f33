"""Dead-letter topics on the broker: reading them, and remembering in a consumer group what was replayed."""

from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Self

from confluent_kafka import Consumer, KafkaError, TopicPartition

from services.cli.adapters.patience import patiently
from services.cli.dead_letters import DeadLetter
from services.cli.replay import Place
from services.cli.replay_position import Position
from shared.errors import SystemicError
from shared.stream.librdkafka import LOG_LEVEL, message_of

REPLAY_GROUP = "trackgate.replay"
TIMEOUT = 5.0


class DeadLetterReader:
    """Reads from the first dead letter to the last that is there now. A context manager; blocks."""

    def __init__(self, bootstrap_servers: str, topics: Sequence[str]) -> None:
        """Topics that the broker does not have hold no dead letters."""
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap_servers,
                "group.id": REPLAY_GROUP,
                "enable.auto.commit": False,
                "auto.offset.reset": "error",
                "enable.partition.eof": True,
                "log_level": LOG_LEVEL,
            }
        )
        self._topics = topics
        self._bounds: dict[Place, tuple[int, int]] = {}

    def __enter__(self) -> Self:
        try:
            self._bounds = patiently(self._find_bounds)
        except SystemicError:
            self._consumer.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._consumer.close()

    def letters(self) -> Iterator[DeadLetter]:
        for (topic, partition), (low, high) in self._bounds.items():
            if low < high:
                yield from self._partition(topic, partition, low, high)

    def waiting(self) -> int:
        """How many were not replayed yet."""
        positions = self.load()
        return sum(
            sum(not positions[place].has(offset) for offset in range(low, high))
            for place, (low, high) in self._bounds.items()
        )

    def load(self) -> Mapping[Place, Position]:
        wanted = [TopicPartition(*place) for place in self._bounds]
        if not wanted:
            return {}
        return {
            (kept.topic, kept.partition): Position.parse(max(0, kept.offset), kept.metadata or "").from_start(
                self._bounds[kept.topic, kept.partition][0]
            )
            for kept in patiently(lambda: self._consumer.committed(wanted, timeout=TIMEOUT))
        }

    def save(self, place: Place, position: Position) -> None:
        kept = TopicPartition(place[0], place[1], position.low, metadata=position.ranges())
        patiently(lambda: self._consumer.commit(offsets=[kept], asynchronous=False))

    def _find_bounds(self) -> dict[Place, tuple[int, int]]:
        known = self._consumer.list_topics(timeout=TIMEOUT).topics
        places = [
            (topic, partition)
            for topic in self._topics
            if topic in known
            for partition in known[topic].partitions
        ]
        return {
            place: self._consumer.get_watermark_offsets(TopicPartition(*place), timeout=TIMEOUT)
            for place in places
        }

    def _partition(self, topic: str, partition: int, low: int, high: int) -> Iterator[DeadLetter]:
        self._consumer.assign([TopicPartition(topic, partition, low)])
        while True:
            received = self._consumer.poll(TIMEOUT)
            if received is None:
                raise SystemicError(f"{topic}: the broker stopped answering")
            fault = received.error()
            if fault is not None:
                if fault.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - librdkafka's public name for it
                    return
                raise SystemicError(f"{topic}: {fault.str()}")
            letter = DeadLetter(message_of(received))
            if letter.message.offset >= high:
                return
            yield letter
            if letter.message.offset == high - 1:
                return
