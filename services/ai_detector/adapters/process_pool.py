"""Measuring in processes of their own, so that the event loop keeps its heartbeat."""

import asyncio
import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from types import TracebackType
from typing import Self

import structlog

from services.ai_detector.adapters.measuring_process import measure_file
from services.ai_detector.finding import DETECTOR
from services.ai_detector.meter import Failing, Failure, Metered
from shared import metrics

log = structlog.get_logger()
Work = Callable[[Path, str | None], Metered]


class PooledMeter:
    """A spawn process pool (fork is unsafe beside threads). A context manager; leaving it ends the processes.

    A file in whose company a process died is measured once more in a process of its own, because it may have
    been another file's fault; if that dies as well, the answer is a Failure and not silence.
    """

    def __init__(self, processes: int, work: Work = measure_file) -> None:
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

    async def measure(self, path: Path, *, sha256: str) -> Metered:
        with metrics.POOL_BUSY.labels(DETECTOR).track_inprogress():
            return await self._measure(path, sha256)

    async def _measure(self, path: Path, sha256: str) -> Metered:
        pool = self._pool
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(pool, self._work, path, sha256)
        except BrokenProcessPool:
            metrics.POOL_DEATHS.labels(DETECTOR).inc()
            if pool is self._pool:
                log.error("a measuring process died; starting the pool again")  # noqa: TRY400 - no stack to show
                self._pool = _fresh(self._processes)
                pool.shutdown(wait=False, cancel_futures=True)
        alone = _fresh(1)
        try:
            return await loop.run_in_executor(alone, self._work, path, sha256)
        except BrokenProcessPool:
            metrics.POOL_DEATHS.labels(DETECTOR).inc()
            return Metered(Failure(Failing.CRASHED, "the process that measured this file died twice"), 0.0)
        finally:
            alone.shutdown(wait=False, cancel_futures=True)


def _fresh(processes: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn"))
