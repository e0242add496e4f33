"""The ears behind their port: listening in processes of their own."""

from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from services.voice_matcher.adapters.listening_process import listen_to
from services.voice_matcher.ears import Failing, Failure, Listening
from services.voice_matcher.finding import DETECTOR
from services.voice_matcher.listening import Effort
from shared.processes import ProcessDied, ProcessPool

Work = Callable[[Path, Effort, str], Listening]


class PooledEars:
    """A context manager; leaving it ends the processes."""

    def __init__(self, processes: int, work: Work = listen_to) -> None:
        self._work = work
        self._pool = ProcessPool(DETECTOR, processes)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._pool.__aexit__(kind, error, trace)

    async def listen(self, path: Path, effort: Effort, *, sha256: str) -> Listening:
        listening = await self._pool.run(self._work, path, effort, sha256)
        if isinstance(listening, ProcessDied):
            return Listening(
                Failure(Failing.CRASHED, "the process that listened to this file died twice"), 0.0
            )
        return listening
