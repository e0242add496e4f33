"""What the handlers need from outside."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from services.fingerprints.domain import Recording
from services.fingerprints.terms import Found, Words


@dataclass(frozen=True)
class Standing:
    """Whether a track is removed now, and whether it ever was."""

    removed: bool
    ever: bool


@dataclass(frozen=True)
class Shelved:
    """A recording as the shelf has it, and whether its track is removed."""

    recording: Recording
    removed: bool


class Shelf(Protocol):
    """All recordings, findable by their bytes and by their sound. A view: events in any order make it again.

    Every method may raise SystemicError: the shelf does not answer, or is not complete.
    """

    async def add(self, recording: Recording) -> None:
        """Idempotent. The first word on a track stays."""
        ...

    async def judged(self, track_id: str, sequence: int, *, removed: bool) -> Standing:
        """Note a decision on a track; the highest sequence stands."""
        ...

    async def keep_findable(self, recording: Recording) -> None:
        """A removed recording is found however many copies of it were delivered."""
        ...

    async def load(self, track_ids: Collection[str]) -> Mapping[str, Shelved]:
        """Those that are there."""
        ...

    async def same_bytes(self, recording: Recording) -> frozenset[str]:
        """Tracks with the same file or the same samples: the removed ones, and the earliest others."""
        ...

    async def find(self, words: Words) -> Found:
        """Where the words are in other recordings, by recording number."""
        ...

    async def numbered(self, numbers: Collection[int]) -> Mapping[int, str]:
        """Track ids by recording number."""
        ...
