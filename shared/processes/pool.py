"""A spawn process pool that survives what it is given."""

import asyncio
import multiprocessing
import os
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import wait
from types import TracebackType
from typing import Self, TypeVar, TypeVarTuple, Unpack

import structlog

from shared import metrics, tracing

T = TypeVar("T")
A = TypeVarTuple("A")
log = structlog.get_logger()


@dataclass(frozen=True)
class ProcessDied:
    """The work took its process down twice, the second time in a process of its own."""


class ProcessPool:
    """Runs picklable functions in ``processes`` spawned processes (fork is unsafe beside threads).

    Work in whose company a process died is run once more alone, because it may have been another's fault.
    A context manager; leaving it ends the processes. ``name`` labels the metrics: the detector.
    """

    def __init__(self, name: str, processes: int) -> None:
        self._name = name
        self._processes = processes
        self._pool = _fresh(processes)
        metrics.POOL_PROCESSES.labels(name).set(processes)
        metrics.POOL_DEATHS.labels(name)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self._pool.shutdown, cancel_futures=True)

    async def run(self, work: Callable[[Unpack[A]], T], *arguments: *A) -> T | ProcessDied:
        """What ``work`` returns; what it raises is raised here."""
        with metrics.POOL_BUSY.labels(self._name).track_inprogress():
            return await self._run(work, *arguments)

    async def _run(self, work: Callable[[Unpack[A]], T], *arguments: *A) -> T | ProcessDied:
        pool = self._pool
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(pool, _traced, self._name, tracing.current(), work, *arguments)
        except BrokenProcessPool:
            metrics.POOL_DEATHS.labels(self._name).inc()
            if pool is self._pool:
                log.error("a process of the pool died; starting the pool again")  # noqa: TRY400 - no stack to show
                self._pool = _fresh(self._processes)
                pool.shutdown(wait=False, cancel_futures=True)
        alone = _fresh(1)
        try:
            return await loop.run_in_executor(alone, _traced, self._name, tracing.current(), work, *arguments)
        except BrokenProcessPool:
            metrics.POOL_DEATHS.labels(self._name).inc()
            return ProcessDied()
        finally:
            alone.shutdown(wait=False, cancel_futures=True)


def _fresh(processes: int) -> ProcessPoolExecutor:
    """Each process keeps to its core: what the environment says first holds, and children inherit it.

    Threads of a linear algebra library that wait for work spin: a fifth of what listening to a track costs.
    """
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(variable, "1")
    spawning = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(processes, mp_context=spawning, initializer=_end_with_the_parent)


def _end_with_the_parent() -> None:
    """In the process of the pool: a killed parent cannot end it, and it would wait for work forever."""
    threading.Thread(target=_watch_the_parent, name="parent-watch", daemon=True).start()


def _watch_the_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _traced(name: str, parent: str | None, work: Callable[[Unpack[A]], T], *arguments: *A) -> T:
    """In the process of the pool: ``work`` in a span of the trace that asked for it."""
    tracing.configure(name)
    named = work.func if isinstance(work, partial) else work
    with tracing.span(f"{name} {getattr(named, '__name__', 'work')}", parent=parent):
        return work(*arguments)
