"""The ears behind their port: listening in processes of their own."""

from collections.abc import Callable
from pathlib import Path

from services.voice_matcher.adapters.listening_process import listen_to
from services.voice_matcher.ears import Failing, Failure, Listening
from services.voice_matcher.finding import DETECTOR
from services.voice_matcher.listening import Effort
from shared.processes import ProcessDied, ProcessPool

Work = Callable[[Path, Effort, str], Listening]


class PooledEars(ProcessPool):
    """A context manager; leaving it ends the processes."""

    def __init__(self, processes: int, work: Work = listen_to) -> None:
        super().__init__(DETECTOR, processes)
        self._work = work

    async def listen(self, path: Path, effort: Effort, *, sha256: str) -> Listening:
        listening = await self.run(self._work, path, effort, sha256)
        if isinstance(listening, ProcessDied):
            return Listening(
                Failure(Failing.CRASHED, "the process that listened to this file died twice"), 0.0
            )
        return listening
