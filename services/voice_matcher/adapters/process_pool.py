"""Listening in processes of their own, so that the event loop keeps its heartbeat."""

import asyncio
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from types import TracebackType
from typing import Self

import structlog

from services.voice_matcher.adapters.listening_process import listen_to, start
from services.voice_matcher.ears import Listening
from services.voice_matcher.listening import Effort
from shared.errors import TransientError

log = structlog.get_logger()


class PooledEars:
    """A spawn process pool (fork is unsafe beside threads). Leaving the context ends the processes."""

    def __init__(self, processes: int) -> None:
        self._processes = processes
        self._pool = self._fresh()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self._pool.shutdown, cancel_futures=True)

    async def listen(self, path: Path, effort: Effort, *, sha256: str) -> Listening:
        pool = self._pool
        try:
            return await asyncio.get_running_loop().run_in_executor(pool, listen_to, path, effort, sha256)
        except BrokenProcessPool as broken:
            if pool is self._pool:
                log.error("a listening process died; starting the pool again")  # noqa: TRY400 - no stack to show
                self._pool = self._fresh()
                pool.shutdown(wait=False, cancel_futures=True)
            raise TransientError("the process that listened died") from broken

    def _fresh(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(
            self._processes, mp_context=multiprocessing.get_context("spawn"), initializer=start
        )
