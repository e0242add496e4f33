"""What the handlers need from outside."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Protocol

from shared.audio import DecodeFailure, Inspected
from shared.errors import SystemicError
from shared.events import DistributorRegistered, TrackUploaded


class LedgerUnavailable(SystemicError):
    """The ledger of deliveries did not answer. Kafka is the record, so a delivery goes on without it."""


@dataclass(frozen=True)
class KeyHeld:
    """The key is this request's alone while the block lasts; ``track_id`` is what it stood for before."""

    track_id: str | None


@dataclass(frozen=True)
class KeyInUse:
    """Another request with the same key is being handled."""


@dataclass(frozen=True)
class Within:
    """The track counts against the day. ``fresh``: it did not before."""

    fresh: bool


@dataclass(frozen=True)
class UsedUp:
    """The day's number of tracks is reached."""


class DeliveryLedger(Protocol):
    """Which keys stand for which tracks and what each distributor delivered on which day.

    A view: ``record`` of every TrackUploaded, in any order, makes it again. Every method may raise
    LedgerUnavailable.
    """

    def hold(
        self, distributor_id: str, key_sha256: str
    ) -> AbstractAsyncContextManager[KeyHeld | KeyInUse]: ...

    async def delivered_on(self, distributor_id: str, day: date) -> int: ...

    async def knows(self, distributor_id: str, track_id: str) -> bool: ...

    async def bind(self, distributor_id: str, key_sha256: str, track_id: str) -> None:
        """Let the key stand for a track that was delivered before without it; not on the record."""
        ...

    async def reserve(
        self, distributor_id: str, day: date, track_id: str, *, quota: int
    ) -> Within | UsedUp: ...

    async def release(self, distributor_id: str, day: date, track_id: str) -> None: ...

    async def record(self, upload: TrackUploaded) -> None: ...

    async def page(self, distributor_id: str, *, offset: int, limit: int) -> tuple[str, ...]:
        """Track ids, newest first."""
        ...


class UploadViews(Protocol):
    async def record(self, event: TrackUploaded) -> None: ...


class Announcer(Protocol):
    async def announce(self, upload: TrackUploaded) -> None:
        """Return when all in-sync replicas have it; raises PublishError."""
        ...


class AudioInspector(Protocol):
    async def inspect(self, path: Path) -> Inspected | DecodeFailure: ...


class Audio(Protocol):
    """The object store, as far as the handlers need it."""

    def local_path(self, uri: str) -> Path: ...

    async def remove(self, uri: str) -> None: ...


class Distributors(Protocol):
    def by_key(self, api_key: str) -> DistributorRegistered | None: ...
