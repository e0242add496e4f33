"""Listening in processes of their own, so that the event loop keeps its heartbeat."""

import asyncio
import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from types import TracebackType
from typing import Self

import structlog

from services.voice_matcher.adapters.listening_process import listen_to
from services.voice_matcher.ears import Failing, Failure, Listening
from services.voice_matcher.finding import DETECTOR
from services.voice_matcher.listening import Effort
from shared import metrics

log = structlog.get_logger()
Work = Callable[[Path, Effort, str], Listening]


class PooledEars:
    """A spawn process pool (fork is unsafe beside threads). Leaving the context ends the processes.

    A file in whose company a process died is listened to once more in a process of its own, because it may
    have been another file's fault; if that dies as well, the answer is a Failure and not silence.
    """

    def __init__(self, processes: int, work: Work = listen_to) -> None:
        self._processes = processes
        self._work = work
        self._pool = _fresh(processes)
        metrics.POOL_PROCESSES.labels(DETECTOR).set(processes)
        metrics.POOL_DEATHS.labels(DETECTOR)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self._pool.shutdown, cancel_futures=True)

    async def listen(self, path: Path, effort: Effort, *, sha256: str) -> Listening:
        with metrics.POOL_BUSY.labels(DETECTOR).track_inprogress():
            return await self._listen(path, effort, sha256)

    async def _listen(self, path: Path, effort: Effort, sha256: str) -> Listening:
        pool = self._pool
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(pool, self._work, path, effort, sha256)
        except BrokenProcessPool:
            metrics.POOL_DEATHS.labels(DETECTOR).inc()
            if pool is self._pool:
                log.error("a listening process died; starting the pool again")  # noqa: TRY400 - no stack to show
                self._pool = _fresh(self._processes)
                pool.shutdown(wait=False, cancel_futures=True)
        alone = _fresh(1)
        try:
            return await loop.run_in_executor(alone, self._work, path, effort, sha256)
        except BrokenProcessPool:
            metrics.POOL_DEATHS.labels(DETECTOR).inc()
            return Listening(
                Failure(Failing.CRASHED, "the process that listened to this file died twice"), 0.0
            )
        finally:
            alone.shutdown(wait=False, cancel_futures=True)


def _fresh(processes: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn"))
