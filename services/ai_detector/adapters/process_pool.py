"""The meter behind its port: measuring in processes of their own."""

from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from services.ai_detector.adapters.measuring_process import measure_file
from services.ai_detector.finding import DETECTOR
from services.ai_detector.meter import Failing, Failure, Metered
from shared.processes import ProcessDied, ProcessPool

Work = Callable[[Path, str | None], Metered]


class PooledMeter:
    """A context manager; leaving it ends the processes."""

    def __init__(self, processes: int, work: Work = measure_file) -> None:
        self._work = work
        self._pool = ProcessPool(DETECTOR, processes)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._pool.__aexit__(kind, error, trace)

    async def measure(self, path: Path, *, sha256: str | None) -> Metered:
        metered = await self._pool.run(self._work, path, sha256)
        if isinstance(metered, ProcessDied):
            return Metered(Failure(Failing.CRASHED, "the process that measured this file died twice"), 0.0)
        return metered
