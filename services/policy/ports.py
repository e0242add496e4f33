"""What deciding needs from outside, as it needs it."""

from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.events import DecisionMade
from shared.views.tracks import TrackEvent, TrackView


@dataclass(frozen=True)
class TrackState:
    """A track's view, and the decision that was about to be published when its worker last wrote."""

    view: TrackView
    intent: DecisionMade | None = None


class Tracks(Protocol):
    """The views of tracks. Every method may raise SystemicError: the store is down, or must be rebuilt."""

    async def load(self, track_id: str) -> TrackState: ...

    async def record(self, event: TrackEvent) -> None:
        """Write the event into its view, and the track under the account, artists and names that it touches.

        A decision also drops the track's intent, and replaces its deadline by the moment when time alone may
        change the result, if there is one.
        """
        ...

    async def intend(self, decision: DecisionMade) -> None:
        """Remember what is about to be published, so that a crash on the way repeats it byte for byte."""
        ...

    async def forget_intent(self, track_id: str) -> None: ...

    async def touching(self, artist_ids: Iterable[str], names: Iterable[str]) -> list[str]:
        """Tracks in which one of these artists was recognised, or that credit one of these name keys."""
        ...

    async def of_account(self, account: str, since: datetime) -> list[TrackView]:
        """The views of the tracks that the account delivered since then, at most the latest 100."""
        ...


class TrackLocks(Protocol):
    def holding(self, track_id: str) -> AbstractAsyncContextManager[None]:
        """One holder per track at a time, across workers, for as long as a lease.

        Raises:
            TransientError: another worker holds the track for longer than a lease.
        """
        ...


class Deadlines(Protocol):
    """When each undecided track must be decided at the latest."""

    async def set(self, track_id: str, due: datetime) -> None: ...

    async def clear(self, track_id: str) -> None: ...

    async def due(self, now: datetime, limit: int) -> list[str]:
        """Tracks whose deadline has come, the longest overdue first."""
        ...

    async def next(self) -> datetime | None:
        """The earliest deadline there is."""
        ...


class DecisionLog(Protocol):
    async def append(self, decision: DecisionMade) -> None:
        """Return only when all in-sync replicas have the decision.

        Raises:
            PublishError: not acknowledged; appending the same decision again is safe.
        """
        ...
