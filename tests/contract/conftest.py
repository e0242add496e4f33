"""The same suite drives the broker in memory and Apache Kafka, through one small driver each."""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator
from typing import Protocol

import pytest
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from shared.settings import WorkerSettings
from shared.stream.confluent_publisher import ConfluentPublisher
from shared.stream.handler import Subscription
from shared.stream.memory import MemoryBroker, consuming_in_memory
from shared.stream.message import Message, Record
from shared.stream.runner import consuming
from shared.stream.wiring import Wiring
from shared.topics import RETRY_TIERS, Topic
from tests.support.stack import Endpoints

PARTITIONS = 4


class Broker(Protocol):
    """What the suite needs of a broker. ``records`` lists a topic's records by partition and offset."""

    async def publish(self, record: Record) -> None: ...
    def records(self, topic: str) -> list[Message]: ...
    def committed(self, group: str, topic: str) -> int: ...
    def settled_retries(self, topic: Topic) -> int: ...
    def running(
        self, service: str, settings: WorkerSettings, subscription: Subscription
    ) -> contextlib.AbstractAsyncContextManager[object]: ...


def _wire(subscription: Subscription):
    @contextlib.asynccontextmanager
    async def wire(_publisher) -> AsyncIterator[Wiring]:
        yield Wiring((subscription,))

    return wire


class InMemory:
    def __init__(self) -> None:
        self._broker = MemoryBroker(partitions=PARTITIONS)
        self.publish = self._broker.publish
        self.records = self._broker.records
        self.committed = self._broker.committed

    def settled_retries(self, topic: Topic) -> int:
        return self.committed("worker", topic.retry("worker", RETRY_TIERS[0]))

    def running(self, service, settings, subscription):
        return consuming_in_memory(self._broker, service, settings, _wire(subscription))


class OnKafka:
    def __init__(self, bootstrap: str, publisher: ConfluentPublisher) -> None:
        self._bootstrap = bootstrap
        self.publish = publisher.publish

    def records(self, topic: str) -> list[Message]:
        reader = Consumer(
            {
                "bootstrap.servers": self._bootstrap,
                "group.id": f"look-{uuid.uuid4()}",
                "enable.auto.commit": False,
            }
        )
        found: list[Message] = []
        try:
            for partition in reader.list_topics(topic, timeout=10).topics[topic].partitions:
                low, high = reader.get_watermark_offsets(TopicPartition(topic, partition), timeout=10)
                reader.assign([TopicPartition(topic, partition, low)])
                for _ in range(high - low):
                    got = reader.poll(10)
                    assert got is not None, f"{topic}[{partition}] ended before its high watermark"
                    assert got.error() is None
                    found.append(
                        Message(
                            topic, partition, got.offset(), got.key(), got.value(), dict(got.headers() or ())
                        )
                    )
        finally:
            reader.close()
        return found

    def committed(self, group: str, topic: str) -> int:
        reader = Consumer({"bootstrap.servers": self._bootstrap, "group.id": group})
        try:
            places = reader.committed([TopicPartition(topic, p) for p in range(PARTITIONS)], timeout=10)
            return sum(max(0, place.offset) for place in places)
        finally:
            reader.close()

    def settled_retries(self, topic: Topic) -> int:
        return self.committed("worker.retries", topic.retry("worker", RETRY_TIERS[0]))

    def running(self, service, settings, subscription):
        wanted = settings.model_copy(update={"kafka": self._bootstrap})
        return consuming(service, wanted, _wire(subscription))


@pytest.fixture(params=["memory", "kafka"])
async def broker(request: pytest.FixtureRequest, topic: Topic) -> AsyncIterator[Broker]:
    if request.param == "memory":
        yield InMemory()
        return
    endpoints: Endpoints = request.getfixturevalue("endpoints")
    admin = AdminClient({"bootstrap.servers": endpoints.bootstrap_servers})
    names = [topic.name, "tracks.findings", topic.dead_letters("worker")]
    names += [topic.retry("worker", tier) for tier in RETRY_TIERS]
    existing = await asyncio.to_thread(lambda: admin.list_topics(timeout=10).topics)
    made = admin.create_topics([NewTopic(name, PARTITIONS, 1) for name in names if name not in existing])
    for future in made.values():
        await asyncio.to_thread(future.result)
    async with ConfluentPublisher(endpoints.bootstrap_servers) as publisher:
        yield OnKafka(endpoints.bootstrap_servers, publisher)


@pytest.fixture
def topic() -> Topic:
    """A topic of the test's own, so that tests share a broker and nothing else."""
    from shared.events import TrackUploaded  # noqa: PLC0415 - kept beside its only use

    return Topic(f"tracks.uploaded-{uuid.uuid4().hex[:8]}", TrackUploaded, "a test's own")


@pytest.fixture
def settings() -> WorkerSettings:
    return WorkerSettings(
        retry_seconds=(0.3, 0.6),
        session_seconds=6.0,
        rebalance_seconds=30.0,
        brake_window=20,
        brake_minimum=4,
        brake_share=0.5,
    )
