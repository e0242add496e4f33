"""The parts of bringing the stack up, each of which ends in something that runs and answers."""

import os
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from deploy.local.broker import BrokerChoice, choose_broker, start_broker
from deploy.local.errors import NotReady
from deploy.local.health import answers_healthy
from deploy.local.jar_sources import default_sources
from deploy.local.java import find_java
from deploy.local.kafka_jars import FetchProgress, fetch_jars, load_lock
from deploy.local.ports import PortUse
from deploy.local.process import ChildProcess, ProcessSpec, Warden, start_new_log, wait_ready
from deploy.local.progress import Report, Step, timed
from deploy.local.services import ServiceSpec
from deploy.local.settings import REPO_ROOT, LocalSettings
from deploy.local.supervisor import Supervisor
from deploy.local.tansu import find_tansu
from deploy.local.valkey import ValkeySpec, answers_ping, find_server, start_valkey


def own_ports(settings: LocalSettings, services: Sequence[ServiceSpec]) -> list[PortUse]:
    """Every port that this stack will listen on; those of external servers are none of its business."""
    uses = [service.port_use for service in services]
    if settings.external_kafka is None:
        uses += [
            PortUse(port=settings.kafka_port, purpose="the broker", setting="TRACKGATE_KAFKA_PORT"),
            PortUse(
                port=settings.kafka_controller_port,
                purpose="the broker's controller",
                setting="TRACKGATE_KAFKA_CONTROLLER_PORT",
            ),
        ]
    if settings.external_redis is None:
        uses.append(PortUse(port=settings.redis_port, purpose="Valkey", setting="TRACKGATE_REDIS_PORT"))
    return uses


def bring_up_broker(
    settings: LocalSettings, warden: Warden, servers: Supervisor, report: Report
) -> tuple[BrokerChoice, str]:
    """The choice, reported with its reason, and the bootstrap servers it answers at."""
    lock = load_lock()

    def fetch() -> Path:
        return fetch_jars(lock, settings.cache, default_sources(), lambda done: report(_fetch_step(done)))

    with timed(report, "choosing a broker"):
        choice = choose_broker(
            external=settings.external_kafka,
            kafka_version=lock.kafka_version,
            find_java=find_java,
            fetch_jars=fetch,
            find_tansu=find_tansu,
        )
    report(Step(state="notice", what="broker", detail=str(choice)))
    with timed(report, "starting the broker"):
        broker = start_broker(choice, settings, warden)
        if broker.process is not None:
            servers.adopt(broker.process)
    return choice, broker.bootstrap_servers


def bring_up_redis(settings: LocalSettings, warden: Warden, servers: Supervisor, report: Report) -> str:
    """The URL it answers at."""
    if (url := settings.external_redis) is not None:
        if not answers_ping(url):
            raise NotReady(
                "the server that TRACKGATE_REDIS names does not answer: start it, correct the URL, "
                "or unset TRACKGATE_REDIS to have one started here"
            )
        report(Step(state="notice", what="Redis", detail="external: TRACKGATE_REDIS names it"))
        return url
    spec = ValkeySpec(executable=find_server(), home=settings.home / "redis", port=settings.redis_port)
    with timed(report, "starting Valkey"):
        servers.adopt(start_valkey(spec, warden, timeout_s=settings.start_timeout_s))
    return spec.url


def service_environment(settings: LocalSettings, bootstrap_servers: str, redis_url: str) -> dict[str, str]:
    """What every service is told, whatever the environment of the stack says."""
    return {
        "TRACKGATE_KAFKA": bootstrap_servers,
        "TRACKGATE_REDIS": redis_url,
        "TRACKGATE_STORE": str(settings.store_folder.resolve()),
        "TRACKGATE_PARTITIONS": str(settings.partitions),
        "TRACKGATE_HOME": str(settings.home.resolve()),
        "PYTHONUNBUFFERED": "1",
        "PYTHONPATH": os.pathsep.join(filter(None, (str(REPO_ROOT), os.environ.get("PYTHONPATH")))),
    }


def bring_up_services(
    services: Sequence[ServiceSpec],
    env: Mapping[str, str],
    settings: LocalSettings,
    warden: Warden,
    workers: Supervisor,
    report: Report,
) -> None:
    """Starts all, then waits for each one's health.

    Raises:
        NotReady: one ended or missed its deadline; ``workers.stop`` stops the others.
    """
    started: list[tuple[ServiceSpec, ChildProcess]] = []
    for service in services:
        log = settings.home / "logs" / f"{service.name}.log"
        start_new_log(log)
        child = ChildProcess(
            ProcessSpec(
                name=service.name,
                argv=service.argv,
                log=log,
                env={**env, **service.env},
                cwd=settings.home,
                grace_s=service.grace_s,
            ),
            warden,
        )
        workers.adopt(child)
        started.append((service, child))
    for service, child in started:
        with timed(report, f"starting {service.name}"):
            wait_ready(
                child,
                partial(answers_healthy, service.port, service.health_path),
                timeout_s=settings.start_timeout_s,
            )


def _fetch_step(done: FetchProgress) -> Step:
    return Step(
        state="progress",
        what="fetching Apache Kafka",
        detail=f"{done.done_jars}/{done.total_jars} jars, {done.done_bytes / 1e6:.1f}/"
        f"{done.total_bytes / 1e6:.1f} MB",
    )
