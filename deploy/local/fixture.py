"""A real Apache Kafka and a real Valkey for tests, on free ports, gone when the block ends."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from deploy.local.jar_sources import default_sources
from deploy.local.java import Java, find_java
from deploy.local.kafka_jars import fetch_jars, load_lock
from deploy.local.kafka_server import KafkaSpec, start_kafka
from deploy.local.ports import free_ports
from deploy.local.process import Warden
from deploy.local.settings import LocalSettings
from deploy.local.valkey import ValkeySpec, find_server, start_valkey


class Endpoints(BaseModel):
    """Where the broker and Redis of the stack answer. The pids are for tests that kill them."""

    model_config = ConfigDict(frozen=True)

    bootstrap_servers: str
    redis_url: str
    kafka_pid: int
    redis_pid: int


@contextmanager
def broker_and_redis(directory: Path, *, java: Java | None = None) -> Iterator[Endpoints]:
    """Starts both under ``directory`` and stops both at the end; the data stay, so a second block finds them.

    Topics are not created automatically. Takes a few seconds: use it in a session-scoped fixture.
    """
    settings = LocalSettings.load()
    lib = fetch_jars(load_lock(), settings.cache, default_sources())
    port, controller_port, redis_port = free_ports(3)
    kafka = KafkaSpec(
        java=java or find_java(),
        lib=lib,
        home=directory / "kafka",
        port=port,
        controller_port=controller_port,
        heap_mb=settings.kafka_heap_mb,
    )
    valkey = ValkeySpec(executable=find_server(), home=directory / "redis", port=redis_port)
    with ExitStack() as stack:
        warden = stack.enter_context(Warden())
        redis_process = start_valkey(valkey, warden, timeout_s=settings.start_timeout_s)
        stack.callback(redis_process.stop)
        kafka_process = start_kafka(kafka, warden, timeout_s=settings.start_timeout_s)
        stack.callback(kafka_process.stop)
        yield Endpoints(
            bootstrap_servers=kafka.bootstrap_servers,
            redis_url=valkey.url,
            kafka_pid=kafka_process.pid,
            redis_pid=redis_process.pid,
        )
