"""Apache Kafka as one process: a single KRaft node that is broker and controller."""

import socket
import subprocess
import uuid
from base64 import urlsafe_b64encode
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from pydantic import BaseModel, ConfigDict

from deploy.local.errors import NotReady
from deploy.local.java import Java
from deploy.local.ports import HOST
from deploy.local.process import ChildProcess, ProcessSpec, Warden, start_and_wait, start_new_log

_LOG4J = Path(__file__).with_name("log4j2.properties")
_METADATA_TIMEOUT_S = 2.0
_FORMAT_TIMEOUT_S = 120.0
_STOP_GRACE_S = 30.0

# One node, so every internal topic has one replica; small partition counts and buffers, because the defaults
# (50 + 50 internal partitions, a 128 MiB log-cleaner buffer) are meant for a heap of gigabytes.
_PROPERTIES = """\
process.roles=broker,controller
node.id=1
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller_port}
advertised.listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller_port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
controller.quorum.bootstrap.servers={host}:{controller_port}
log.dirs={data}
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=8
offsets.retention.minutes=129600
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=2
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
num.network.threads=2
num.io.threads=4
log.cleaner.threads=1
log.cleaner.dedupe.buffer.size=16777216
log.index.size.max.bytes=1048576
"""


class KafkaSpec(BaseModel):
    """``lib`` holds the jars; ``home`` is kept between runs and holds data, properties and log."""

    model_config = ConfigDict(frozen=True)

    java: Java
    lib: Path
    home: Path
    port: int
    controller_port: int
    heap_mb: int = 384

    @property
    def bootstrap_servers(self) -> str:
        return f"{HOST}:{self.port}"

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def properties(self) -> Path:
        return self.home / "server.properties"

    @property
    def log(self) -> Path:
        return self.home / "kafka.log"


def render_properties(spec: KafkaSpec) -> str:
    return _PROPERTIES.format(host=HOST, port=spec.port, controller_port=spec.controller_port, data=spec.data)


def start_kafka(spec: KafkaSpec, warden: Warden, *, timeout_s: float) -> ChildProcess:
    """Formats the data folder the first time, starts the broker, and blocks until it answers.

    Raises:
        NotReady: with the end of the broker's log.
    """
    spec.home.mkdir(parents=True, exist_ok=True)
    spec.properties.write_text(render_properties(spec))
    if not (spec.data / "meta.properties").is_file():
        _format(spec)
    start_new_log(spec.log)
    return start_and_wait(
        ProcessSpec(
            name="Apache Kafka",
            argv=(*_jvm(spec), "kafka.Kafka", str(spec.properties)),
            log=spec.log,
            cwd=spec.home,
            grace_s=_STOP_GRACE_S,
        ),
        warden,
        lambda: answers_metadata(spec.bootstrap_servers),
        timeout_s=timeout_s,
    )


def answers_metadata(bootstrap_servers: str) -> bool:
    """True once the cluster names at least one live broker. Blocks for two seconds at most."""
    host, _, port = bootstrap_servers.split(",", maxsplit=1)[0].rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=_METADATA_TIMEOUT_S).close()
    except OSError:
        return False
    admin = AdminClient({"bootstrap.servers": bootstrap_servers, "log_level": 0})
    try:
        return bool(admin.list_topics(timeout=_METADATA_TIMEOUT_S).brokers)
    except KafkaException:
        return False


def _jvm(spec: KafkaSpec) -> tuple[str, ...]:
    """Two cores are shared with every service: C1 alone and one GC thread halve the CPU time of a start."""
    return (
        str(spec.java.executable),
        f"-Xmx{spec.heap_mb}m",
        "-Xms64m",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-XX:MaxDirectMemorySize=128m",
        "-XX:+ExitOnOutOfMemoryError",
        f"-Dlog4j2.configurationFile={_LOG4J}",
        "-cp",
        f"{spec.lib}/*",
    )


def _format(spec: KafkaSpec) -> None:
    cluster_id = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    argv = [*_jvm(spec), "kafka.tools.StorageTool", "format", "--standalone", "--ignore-formatted"]
    try:
        subprocess.run(
            [*argv, f"--cluster-id={cluster_id}", "-c", str(spec.properties)],
            check=True,
            capture_output=True,
            text=True,
            timeout=_FORMAT_TIMEOUT_S,
        )
    except subprocess.CalledProcessError as error:
        raise NotReady(f"Kafka could not format {spec.data}:\n{error.stdout}{error.stderr}") from error
    except subprocess.TimeoutExpired as error:
        raise NotReady(
            f"Kafka had not formatted {spec.data} after {_FORMAT_TIMEOUT_S:g} s: "
            "is the machine overloaded, or its disk stuck? Try again"
        ) from error
