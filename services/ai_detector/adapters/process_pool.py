"""The meter behind its port: measuring in processes of their own."""

from collections.abc import Callable
from pathlib import Path

from services.ai_detector.adapters.measuring_process import measure_file
from services.ai_detector.finding import DETECTOR
from services.ai_detector.meter import Failing, Failure, Metered
from shared.processes import ProcessDied, ProcessPool

Work = Callable[[Path, str | None], Metered]


class PooledMeter(ProcessPool):
    """A context manager; leaving it ends the processes."""

    def __init__(self, processes: int, work: Work = measure_file) -> None:
        super().__init__(DETECTOR, processes)
        self._work = work

    async def measure(self, path: Path, *, sha256: str | None) -> Metered:
        metered = await self.run(self._work, path, sha256)
        if isinstance(metered, ProcessDied):
            return Metered(Failure(Failing.CRASHED, "the process that measured this file died twice"), 0.0)
        return metered
