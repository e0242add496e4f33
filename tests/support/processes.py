"""Services as processes of their own, as whoever runs Trackgate starts them."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import httpx

PATIENCE = 60.0


@contextlib.asynccontextmanager
async def a_process(
    environment: Mapping[str, str], home: Path, module: str, *arguments: str
) -> AsyncIterator[Path]:
    """``python -m module``, in the whole ``environment`` that is given; where its log is, in ``home``.

    A process that ends by itself fails the test, with the end of its log.
    """
    log = home / f"{'-'.join((module, *arguments[:1]))}.log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", module, *arguments, env=environment, stdout=output, stderr=output
        )
        try:
            yield log
            assert process.returncode is None, f"{module} ended by itself:\n{log.read_text()[-3000:]}"
        finally:
            if process.returncode is None:
                process.terminate()
                try:
                    await asyncio.wait_for(process.wait(), PATIENCE)
                except TimeoutError:
                    process.kill()
                    await process.wait()
                    raise


async def answers(address: str, *, seconds: float = PATIENCE) -> None:
    """Returns as soon as ``GET address`` is answered with 200."""
    async with asyncio.timeout(seconds), httpx.AsyncClient() as client:
        while True:
            with contextlib.suppress(httpx.TransportError):
                if (await client.get(address)).status_code == httpx.codes.OK:
                    return
            await asyncio.sleep(0.1)
