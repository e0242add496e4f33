"""Real services as processes on a broker and a Redis of their own, so that they can be killed."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from redis import Redis

from deploy.local.ports import free_ports
from shared.objects.folder import FolderStore
from shared.stream.admin import create_topics
from tests.support.stack import Endpoints, a_stack

ROOT = Path(__file__).parents[3]
PARTITIONS = 4


def wait_until(condition: Callable[[], bool], what: str, *, seconds: float = 90.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(0.1)


@dataclass
class Service:
    """One process of a service; ``name`` is also the name of its log."""

    name: str
    process: subprocess.Popen[bytes]
    health: str
    log: Path

    def kill(self) -> None:
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.kill()

    def ready(self) -> bool:
        assert self.process.poll() is None, f"{self.name} ended:\n{self.log.read_text()[-3000:]}"
        try:
            with urllib.request.urlopen(self.health, timeout=1) as answer:  # noqa: S310 - our own loopback
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False


@dataclass
class System:
    endpoints: Endpoints
    home: Path
    started: list[Service] = field(default_factory=list)

    @property
    def store(self) -> FolderStore:
        return FolderStore(self.home / "objects")

    @property
    def redis(self) -> Redis:
        return Redis.from_url(self.endpoints.redis_url)

    def start(self, service: str, **environment: str) -> Service:
        (port,) = free_ports(1)
        name = f"{service}-{len(self.started)}"
        log = self.home / f"{name}.log"
        values = os.environ | {
            "TRACKGATE_KAFKA": self.endpoints.bootstrap_servers,
            "TRACKGATE_REDIS": self.endpoints.redis_url,
            "TRACKGATE_STORE": str(self.home / "objects"),
            "TRACKGATE_HEALTH_PORT": str(port),
            "TRACKGATE_SESSION_SECONDS": "6",
            "TRACKGATE_PARTITIONS": str(PARTITIONS),
        }
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", f"services.{service}"],
                cwd=ROOT,
                env=values | environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        started = Service(name, process, f"http://127.0.0.1:{port}/healthz", log)
        self.started.append(started)
        return started

    def keep(self, audio: Path) -> tuple[str, str, int]:
        """Put a recording into the object store: (uri, sha256, bytes)."""
        content = audio.read_bytes()

        async def put() -> tuple[str, str, int]:
            async def body():
                yield content

            stored = await self.store.put(body(), limit_bytes=1 << 30)
            return stored.uri, stored.sha256, stored.bytes

        return asyncio.run(put())


@contextmanager
def a_system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    with ExitStack() as stack:
        endpoints = stack.enter_context(a_stack(tmp_path_factory))
        create_topics(endpoints.bootstrap_servers, PARTITIONS)
        system = System(endpoints, tmp_path_factory.mktemp("system"))
        try:
            yield system
        finally:
            for service in system.started:
                service.stop()
            kept = ROOT / "build" / "fault-logs"
            shutil.rmtree(kept, ignore_errors=True)
            kept.mkdir(parents=True)
            for service in system.started:
                shutil.copy(service.log, kept)


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    with a_system(tmp_path_factory) as running:
        yield running
