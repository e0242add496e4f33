"""The port through which the core listens to recordings: decoding and networks live behind it."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from services.voice_matcher.domain import HeardVoice, NotHeard
from services.voice_matcher.listening import Effort


class Failing(StrEnum):
    """What went wrong where there should have been listening. Findings carry the values as codes."""

    UNDECODABLE = "undecodable"
    OTHER_BYTES = "other_bytes"
    CRASHED = "crashed"


@dataclass(frozen=True)
class Failure:
    """``detail`` quotes no user content."""

    kind: Failing
    detail: str


@dataclass(frozen=True)
class Listening:
    """What came of listening to one file, how much of it was looked at, and what it cost."""

    heard: HeardVoice | NotHeard | Failure
    cpu_seconds: float
    seconds_searched: float = 0.0


class Ears(Protocol):
    async def listen(self, path: Path, effort: Effort, *, sha256: str) -> Listening:
        """Decode and measure a file without blocking the event loop.

        A file whose SHA-256 is not ``sha256`` is a Failure: nothing is claimed of other bytes. So is one
        whose listening kills its process twice.
        """
        ...
