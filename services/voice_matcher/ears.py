"""The port through which the core listens to recordings: decoding and networks live behind it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from services.voice_matcher.domain import HeardVoice, NotHeard
from services.voice_matcher.listening import Effort


@dataclass(frozen=True)
class Undecodable:
    """The file is not what was announced, or its decoding was stopped. ``detail`` quotes no user content."""

    detail: str


@dataclass(frozen=True)
class Listening:
    """What came of listening to one file, and what it cost."""

    heard: HeardVoice | NotHeard | Undecodable
    cpu_seconds: float


class Ears(Protocol):
    async def listen(self, path: Path, effort: Effort, *, sha256: str) -> Listening:
        """Decode and measure a file without blocking the event loop.

        A file whose SHA-256 is not ``sha256`` is Undecodable: nothing is claimed of other bytes.

        Raises:
            TransientError: the process that listened died; another try may go well.
        """
        ...
