"""What Kafka holds of the load test's tracks, read from where the topics ended when it began."""

import threading
from collections import defaultdict
from datetime import datetime
from types import TracebackType
from typing import Self
from uuid import uuid4

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from services.cli.commands.bench_report import OnRecord
from shared.errors import ContractError, SystemicError
from shared.events import DecisionMade, FindingRecorded, TrackUploaded
from shared.topics import DECISIONS, FINDINGS, UPLOADS, Topic

_TOPICS = (UPLOADS, FINDINGS, DECISIONS)
_ANSWER_SECONDS = 10.0


class KafkaRecord:
    """Follows the three topics in a thread, without a consumer group.

    A context manager. Entering blocks until the ends of all partitions are known.

    Raises:
        SystemicError: the broker does not answer, or a topic is missing.
    """

    def __init__(self, bootstrap_servers: str) -> None:
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap_servers,
                "group.id": f"trackgate-bench-{uuid4()}",
                "enable.auto.commit": False,
                "log_level": 0,
            }
        )
        self._received: dict[str, datetime] = {}
        self._findings: defaultdict[str, dict[str, datetime]] = defaultdict(dict)
        self._decisions: defaultdict[str, set[tuple[int, str, datetime]]] = defaultdict(set)
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._failure: str | None = None
        self._thread = threading.Thread(target=self._follow, name="bench-record", daemon=True)

    def __enter__(self) -> Self:
        try:
            self._consumer.assign([place for topic in _TOPICS for place in self._ends(topic)])
        except KafkaException as error:
            raise SystemicError(f"the broker: {error.args[0].str()}") from error
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._thread.join()
        self._consumer.close()

    def is_decided(self, track_id: str) -> bool:
        """Raises SystemicError when the broker has gone: nothing can be counted then."""
        with self._lock:
            if self._failure is not None:
                raise SystemicError(f"the broker: {self._failure}")
            return track_id in self._decisions

    def of(self, track_id: str) -> OnRecord:
        with self._lock:
            return OnRecord(
                self._received.get(track_id),
                dict(self._findings.get(track_id, {})),
                tuple(sorted(self._decisions.get(track_id, ()))),
            )

    def _ends(self, topic: Topic) -> list[TopicPartition]:
        found = self._consumer.list_topics(topic.name, timeout=_ANSWER_SECONDS).topics[topic.name]
        if found.error is not None:
            raise SystemicError(f"the topic {topic.name} is not there: `trackgate topics --create`")
        places = [TopicPartition(topic.name, partition) for partition in found.partitions]
        return [
            TopicPartition(
                topic.name,
                place.partition,
                self._consumer.get_watermark_offsets(place, timeout=_ANSWER_SECONDS)[1],
            )
            for place in places
        ]

    def _follow(self) -> None:
        while not self._stopping.is_set():
            message = self._consumer.poll(0.2)
            if message is None:
                continue
            fault = message.error()
            with self._lock:
                if fault is None:
                    self._keep(message.topic() or "", message.value())
                elif fault.code() == KafkaError._ALL_BROKERS_DOWN:  # noqa: SLF001 - librdkafka's public name for it
                    self._failure = fault.str()

    def _keep(self, topic: str, value: bytes | None) -> None:
        event_type = next(one.event for one in _TOPICS if one.name == topic)
        try:
            event = event_type.from_bytes(value)
        except ContractError:
            return
        match event:
            case TrackUploaded():
                self._received.setdefault(event.track_id, event.received_at)
            case FindingRecorded():
                self._findings[event.track_id].setdefault(event.detector, event.occurred_at)
            case DecisionMade():
                self._decisions[event.track_id].add((event.sequence, event.event_id, event.occurred_at))
