"""Which broker the stack runs on, and why: an external one, Apache Kafka, or Tansu as the last resort."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from deploy.local.errors import JarsUnavailable, NotReady
from deploy.local.java import Java
from deploy.local.kafka_server import KafkaSpec, answers_metadata, start_kafka
from deploy.local.ports import HOST
from deploy.local.process import ChildProcess, Warden
from deploy.local.settings import LocalSettings
from deploy.local.tansu import HOW_TO_INSTALL, start_tansu


class ExternalBroker(BaseModel):
    model_config = ConfigDict(frozen=True)

    kind: Literal["external"] = "external"
    bootstrap_servers: str
    reason: str = "TRACKGATE_KAFKA names it"

    def __str__(self) -> str:
        return f"external broker at {self.bootstrap_servers}: {self.reason}"


class ApacheKafkaBroker(BaseModel):
    model_config = ConfigDict(frozen=True)

    kind: Literal["kafka"] = "kafka"
    version: str
    java: Java
    lib: Path
    reason: str = "TRACKGATE_KAFKA is not set"

    def __str__(self) -> str:
        return f"Apache Kafka {self.version} on {self.java}: {self.reason}"


class TansuBroker(BaseModel):
    model_config = ConfigDict(frozen=True)

    kind: Literal["tansu"] = "tansu"
    executable: Path
    reason: str

    def __str__(self) -> str:
        return (
            "Tansu, WHICH IS NOT APACHE KAFKA AND KEEPS EVERYTHING IN MEMORY: what is on it is lost when the "
            f"stack stops, and nothing seen on it proves anything about Kafka. Why: {self.reason}"
        )


BrokerChoice = ExternalBroker | ApacheKafkaBroker | TansuBroker


def choose_broker(
    *,
    external: str | None,
    kafka_version: str,
    find_java: Callable[[], Java],
    fetch_jars: Callable[[], Path],
    find_tansu: Callable[[], Path | None],
) -> BrokerChoice:
    """The first that can be had. Asks for Java before it downloads; a wrong checksum is an error.

    Raises:
        JavaMissing: before anything is downloaded.
        ChecksumMismatch: from ``fetch_jars``.
        JarsUnavailable: and Tansu is not installed either; the message says how to.
    """
    if external is not None:
        return ExternalBroker(bootstrap_servers=external)
    java = find_java()
    try:
        lib = fetch_jars()
    except JarsUnavailable as error:
        executable = find_tansu()
        if executable is None:
            raise JarsUnavailable(
                f"{error}\nTo go on without Kafka, on a memory-only stand-in: {HOW_TO_INSTALL}"
            ) from error
        return TansuBroker(executable=executable, reason=str(error))
    return ApacheKafkaBroker(version=kafka_version, java=java, lib=lib)


class RunningBroker(BaseModel):
    """``process`` is None for an external broker, which the stack neither starts nor stops."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    bootstrap_servers: str
    process: ChildProcess | None


def start_broker(choice: BrokerChoice, settings: LocalSettings, warden: Warden) -> RunningBroker:
    """Blocks until the broker answers.

    Raises:
        NotReady: it did not come up, or the external one does not answer.
    """
    timeout_s = settings.start_timeout_s
    own_address = f"{HOST}:{settings.kafka_port}"
    match choice:
        case ExternalBroker(bootstrap_servers=servers):
            if not answers_metadata(servers):
                raise NotReady(
                    f"the broker at TRACKGATE_KAFKA={servers} does not answer: start it, correct the "
                    "address, or unset TRACKGATE_KAFKA to have one started here"
                )
            return RunningBroker(bootstrap_servers=servers, process=None)
        case ApacheKafkaBroker(java=java, lib=lib):
            spec = KafkaSpec(
                java=java,
                lib=lib,
                home=settings.home / "kafka",
                port=settings.kafka_port,
                controller_port=settings.kafka_controller_port,
                heap_mb=settings.kafka_heap_mb,
            )
            process = start_kafka(spec, warden, timeout_s=timeout_s)
        case TansuBroker(executable=executable):
            process = start_tansu(
                executable,
                port=settings.kafka_port,
                home=settings.home / "tansu",
                warden=warden,
                timeout_s=timeout_s,
            )
    return RunningBroker(bootstrap_servers=own_address, process=process)
