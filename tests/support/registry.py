"""What the registry touches, as fakes: ledgers in memory, recordings in a dict."""

import hashlib
import io
from collections.abc import AsyncIterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import httpx

from services.registry.api import Registry
from services.registry.domain import Recording, Refused
from shared.clock import SetClock
from shared.errors import ObjectTooLarge, StoreUnavailable, SystemicError
from shared.events import ConsentGrant, DistributorRegistered, Event, ProtectedArtist
from shared.objects.store import StoredObject

E = TypeVar("E", bound=Event)
TOKEN = "the administrators' token"  # noqa: S105 - of a test


@dataclass
class MemoryLedger(Generic[E]):
    """``said`` is everything that was ever recorded, in order. ``broken`` refuses like a lost broker."""

    said: list[E] = field(default_factory=list)
    broken: bool = False

    @property
    def current(self) -> dict[str, E]:
        return {event.partition_key: event for event in self.said}

    async def record(self, event: E) -> None:
        if self.broken:
            raise SystemicError("the broker is gone")
        self.said.append(event)


@dataclass
class MemoryRecordings:
    """Ten seconds at 44.1 kHz, unless ``findings`` says otherwise for a file name."""

    kept: dict[str, bytes] = field(default_factory=dict)
    findings: dict[str, Recording | Refused] = field(default_factory=dict)
    broken: bool = False

    async def put(self, chunks: AsyncIterable[bytes], *, limit_bytes: int) -> StoredObject:
        body = io.BytesIO()
        async for chunk in chunks:
            body.write(chunk)
        if body.tell() > limit_bytes:
            raise ObjectTooLarge(f"more than {limit_bytes} bytes")
        sha256 = hashlib.sha256(body.getvalue()).hexdigest()
        self.kept[f"memory://{sha256}"] = body.getvalue()
        return StoredObject(f"memory://{sha256}", sha256, body.tell())

    async def remove(self, uri: str) -> None:
        if self.broken:
            raise StoreUnavailable("the disk is gone")
        self.kept.pop(uri, None)

    async def inspect(self, uri: str, file_name: str) -> Recording | Refused:
        assert uri in self.kept
        return self.findings.get(file_name, Recording(seconds=10.0, sample_rate=44_100, silent=False))


@dataclass
class World:
    """The registry with everything it touches, and a client that holds the token."""

    registry: Registry
    artists: MemoryLedger[ProtectedArtist]
    grants: MemoryLedger[ConsentGrant]
    distributors: MemoryLedger[DistributorRegistered]
    recordings: MemoryRecordings
    clock: SetClock
    client: httpx.AsyncClient
