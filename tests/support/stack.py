"""A real Kafka and a real Redis: containers where a Docker engine runs, else the local stack."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from deploy.local import broker_and_redis

KAFKA_IMAGE = "apache/kafka:4.4.0"
REDIS_IMAGE = "redis:8.2"


@dataclass(frozen=True)
class Endpoints:
    bootstrap_servers: str
    redis_url: str


def engine_runs() -> bool:
    client = shutil.which("docker")
    return (
        client is not None
        and subprocess.run([client, "info"], capture_output=True, check=False).returncode == 0
    )


@contextmanager
def a_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoints]:
    if engine_runs():
        from tests.support.containers import containers  # noqa: PLC0415 - only where an engine runs

        with containers(KAFKA_IMAGE, REDIS_IMAGE) as (bootstrap_servers, redis_url):
            yield Endpoints(bootstrap_servers, redis_url)
    else:
        with broker_and_redis(tmp_path_factory.mktemp("stack")) as started:
            yield Endpoints(started.bootstrap_servers, started.redis_url)
