"""Services as processes of their own, as whoever runs Trackgate starts them."""

import asyncio
import contextlib
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import IO

import httpx

from tests.support.stack import Endpoints

PATIENCE = 60.0


def worker_settings(endpoints: Endpoints) -> dict[str, str]:
    """Of a worker on three partitions that takes any port, tries again soon and is never braked."""
    return {
        "TRACKGATE_KAFKA": endpoints.bootstrap_servers,
        "TRACKGATE_REDIS": endpoints.redis_url,
        "TRACKGATE_PARTITIONS": "3",
        "TRACKGATE_HEALTH_PORT": "0",
        "TRACKGATE_SESSION_SECONDS": "6",
        "TRACKGATE_RETRY_SECONDS": "[2, 10]",
        "TRACKGATE_BRAKE_MINIMUM": "100000",
    }


@contextlib.asynccontextmanager
async def python(
    *arguments: str, environment: Mapping[str, str], output: IO[bytes] | int | None = None
) -> AsyncIterator[asyncio.subprocess.Process]:
    """``python arguments`` in the whole ``environment`` that is given; ended and waited for on the way out.

    ``output`` takes stdout and stderr; ``PIPE`` stdout alone. SIGTERM ends it; what then still runs after
    ``PATIENCE`` is killed, and fails the test.
    """
    errors = None if output == PIPE else output
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, env=environment, stdout=output, stderr=errors
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.communicate(), PATIENCE)
            except TimeoutError:
                process.kill()
                await process.communicate()
                raise


@contextlib.asynccontextmanager
async def a_process(
    environment: Mapping[str, str], home: Path, module: str, *arguments: str
) -> AsyncIterator[Path]:
    """``python -m module``; where its log is, in ``home``.

    A process that ends by itself fails the test, with the end of its log.
    """
    log = home / f"{'-'.join((module, *arguments[:1]))}.log"
    with log.open("wb") as output:
        async with python("-m", module, *arguments, environment=environment, output=output) as process:
            yield log
            assert process.returncode is None, f"{module} ended by itself:\n{log.read_text()[-3000:]}"


async def answers(address: str, *, seconds: float = PATIENCE) -> None:
    """Returns as soon as ``GET address`` is answered with 200."""
    async with asyncio.timeout(seconds), httpx.AsyncClient() as client:
        while True:
            with contextlib.suppress(httpx.TransportError):
                if (await client.get(address)).status_code == httpx.codes.OK:
                    return
            await asyncio.sleep(0.1)
