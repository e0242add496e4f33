"""The API as it runs in production: its own process, reviewers in a file, Redis and Kafka by address."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from deploy.local.ports import free_ports
from services.moderation.adapters.reviewers import add_reviewer
from services.moderation.domain.access import Role

_PATIENCE = 60.0


@dataclass(frozen=True)
class RunningApi:
    """``tokens``: what each moderator signs in with, by name."""

    address: str
    tokens: dict[str, str]
    process: psutil.Process

    def cpu_seconds(self) -> float:
        used = self.process.cpu_times()
        return float(used.user + used.system)


@asynccontextmanager
async def running_api(redis: str, kafka: str, home: Path, moderators: int) -> AsyncIterator[RunningApi]:
    reviewers = home / "reviewers.json"
    tokens = {
        name: add_reviewer(reviewers, name, name.title(), Role.SENIOR)
        for name in (f"moderator-{number:02d}" for number in range(moderators))
    }
    (port,) = free_ports(1)
    environment = {
        **os.environ,
        "TRACKGATE_KAFKA": kafka,
        "TRACKGATE_REDIS": redis,
        "TRACKGATE_STORE": str(home / "objects"),
        "TRACKGATE_MODERATION_PORT": str(port),
        "TRACKGATE_MODERATION_REVIEWERS": str(reviewers),
        "TRACKGATE_MODERATION_AUDIT": str(home / "audit.jsonl"),
        "TRACKGATE_MODERATION_LEASE_SECONDS": "7200",
    }
    log = home / "api.log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "services.moderation", "api", env=environment, stdout=output, stderr=output
        )
    try:
        address = f"http://127.0.0.1:{port}"
        await _answers(address, process, log)
        yield RunningApi(address, tokens, psutil.Process(process.pid))
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            await process.wait()


def _end_of(log: Path) -> str:
    return log.read_text()[-2000:]


async def _answers(address: str, process: asyncio.subprocess.Process, log: Path) -> None:
    async with asyncio.timeout(_PATIENCE), httpx.AsyncClient() as client:
        while True:
            if process.returncode is not None:
                raise RuntimeError(f"the API ended by itself:\n{await asyncio.to_thread(_end_of, log)}")
            with suppress(httpx.TransportError):
                if (await client.get(f"{address}/healthz")).status_code == httpx.codes.OK:
                    return
            await asyncio.sleep(0.1)
