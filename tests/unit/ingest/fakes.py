"""Ingest with everything outside it replaced by memory; the audio is decoded by the real sandbox."""

import contextlib
import hashlib
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import httpx
from fastapi import FastAPI

from services.ingest.adapters.distributors import RegisteredDistributors
from services.ingest.adapters.inspecting import SandboxedInspector
from services.ingest.adapters.reading import UploadReader
from services.ingest.domain import quota_day
from services.ingest.handlers import Intake
from services.ingest.ports import KeyHeld, KeyInUse, LedgerUnavailable, UsedUp, Within
from services.ingest.routes.appeals import appeal_routes
from services.ingest.routes.caller import CallerIdentity
from services.ingest.routes.delivering import delivery_routes
from services.ingest.routes.tracks import track_routes
from shared.audio import DecodeLimits
from shared.clock import SetClock
from shared.errors import PublishError
from shared.events import DistributorRegistered, TrackUploaded
from shared.http import SecurityHeaders, install_problem_handlers
from shared.objects.folder import FolderStore
from shared.stream.message import Record
from shared.views.tracks import TrackEvent, TrackView, field_of, fold

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
KEYS = {"acme": "tgk_acme", "other": "tgk_other", "barred": "tgk_barred", "small": "tgk_small"}


def distributors() -> dict[str, DistributorRegistered]:
    return {
        name: DistributorRegistered(
            event_id=name,
            occurred_at=NOON,
            distributor_id=name,
            name=name.title(),
            api_key_sha256=hashlib.sha256(key.encode()).hexdigest(),
            active=name != "barred",
            tracks_per_day=2 if name == "small" else 100,
        )
        for name, key in KEYS.items()
    }


@dataclass
class MemoryLedger:
    """``down`` makes every call fail as Redis does when it does not answer."""

    down: bool = False
    held: set[tuple[str, str]] = field(default_factory=set)
    keys: dict[tuple[str, str], str] = field(default_factory=dict)
    days: defaultdict[tuple[str, date], set[str]] = field(default_factory=lambda: defaultdict(set))
    tracks: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def _answer(self) -> None:
        if self.down:
            raise LedgerUnavailable("Redis: connection refused")

    @contextlib.asynccontextmanager
    async def hold(self, distributor_id: str, key_sha256: str) -> AsyncIterator[KeyHeld | KeyInUse]:
        self._answer()
        name = (distributor_id, key_sha256)
        if name in self.held:
            yield KeyInUse()
            return
        self.held.add(name)
        try:
            yield KeyHeld(self.keys.get(name))
        finally:
            self.held.discard(name)

    async def delivered_on(self, distributor_id: str, day: date) -> int:
        self._answer()
        return len(self.days[distributor_id, day])

    async def knows(self, distributor_id: str, track_id: str) -> bool:
        self._answer()
        return track_id in self.tracks[distributor_id]

    async def bind(self, distributor_id: str, key_sha256: str, track_id: str) -> None:
        self._answer()
        self.keys[distributor_id, key_sha256] = track_id

    async def reserve(self, distributor_id: str, day: date, track_id: str, *, quota: int) -> Within | UsedUp:
        self._answer()
        tracks = self.days[distributor_id, day]
        if track_id in tracks:
            return Within(fresh=False)
        if len(tracks) >= quota:
            return UsedUp()
        tracks.add(track_id)
        return Within(fresh=True)

    async def release(self, distributor_id: str, day: date, track_id: str) -> None:
        self._answer()
        self.days[distributor_id, day].discard(track_id)

    async def record(self, upload: TrackUploaded) -> None:
        self._answer()
        distributor = upload.distributor_id
        if upload.track_id not in self.tracks[distributor]:
            self.tracks[distributor].insert(0, upload.track_id)
        self.days[distributor, quota_day(upload.received_at)].add(upload.track_id)
        if upload.idempotency_key_sha256 is not None:
            self.keys[distributor, upload.idempotency_key_sha256] = upload.track_id

    async def page(self, distributor_id: str, *, offset: int, limit: int) -> tuple[str, ...]:
        self._answer()
        return tuple(self.tracks[distributor_id][offset : offset + limit])


@dataclass
class MemoryViews:
    """``coming`` are events that happen, one by one, while somebody watches."""

    fields: defaultdict[str, dict[str, bytes]] = field(default_factory=lambda: defaultdict(dict))
    coming: list[TrackEvent] = field(default_factory=list)
    down: bool = False

    async def record(self, event: TrackEvent) -> None:
        if self.down:
            raise LedgerUnavailable("Redis: connection refused")
        self.fields[event.track_id][field_of(event)] = event.to_bytes()

    async def load(self, track_id: str) -> TrackView | None:
        if self.down:
            raise ConnectionError
        return fold(self.fields[track_id]) if self.fields[track_id] else None

    async def watch(self, track_id: str) -> AsyncIterator[TrackView]:
        yield fold(self.fields[track_id])
        for event in self.coming:
            await self.record(event)
            yield fold(self.fields[track_id])


@dataclass
class MemoryAnnouncer:
    """``broken`` is what a broker that does not acknowledge looks like."""

    announced: list[TrackUploaded] = field(default_factory=list)
    broken: bool = False

    async def announce(self, upload: TrackUploaded) -> None:
        if self.broken:
            raise PublishError("tracks.uploaded: message timed out")
        self.announced.append(upload)


@dataclass
class MemoryPublisher:
    """``broken`` is what a broker that does not acknowledge looks like."""

    records: list[Record] = field(default_factory=list)
    broken: bool = False

    async def publish(self, record: Record) -> None:
        if self.broken:
            raise PublishError(f"{record.topic}: message timed out")
        self.records.append(record)


class Ingest:
    """A service on fakes and the requests to it. ``max_bytes`` caps the audio."""

    def __init__(self, folder: Path, *, max_bytes: int = 50_000_000) -> None:
        self.clock = SetClock(NOON)
        self.ledger = MemoryLedger()
        self.views = MemoryViews()
        self.announcer = MemoryAnnouncer()
        self.folder = folder
        store = FolderStore(folder)
        self.intake = Intake(
            distributors=RegisteredDistributors(distributors()),
            ledger=self.ledger,
            views=self.views,
            announcer=self.announcer,
            audio=store,
            inspector=SandboxedInspector(DecodeLimits(), 2),
            clock=self.clock,
        )
        app = FastAPI()
        install_problem_handlers(app)
        app.add_middleware(SecurityHeaders)
        identity = CallerIdentity(self.intake)
        app.include_router(delivery_routes(identity, self.intake, UploadReader(store, max_bytes=max_bytes)))
        app.include_router(track_routes(identity, self.ledger, self.views))
        self.publisher = MemoryPublisher()
        app.include_router(appeal_routes(identity, self.views, self.views, self.publisher, self.clock))
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url="http://trackgate"
        )

    async def deliver(
        self,
        audio: bytes | None,
        metadata: str | None = '{"title": "Night Bus", "display_artist": "Ada Example"}',
        *,
        key: str | None = None,
        caller: str = "acme",
        audio_first: bool = False,
        file_name: str = "night-bus.flac",
    ) -> httpx.Response:
        parts: list[tuple[str, tuple[str | None, bytes, str]]] = []
        if metadata is not None:
            parts.append(("metadata", (None, metadata.encode(), "application/json")))
        if audio is not None:
            parts.append(("audio", (file_name, audio, "audio/flac")))
        if audio_first:
            parts.reverse()
        headers = {"Authorization": f"Bearer {KEYS.get(caller, caller)}"}
        if key is not None:
            headers["Idempotency-Key"] = key
        return await self.http.post("/v1/tracks", files=parts, headers=headers)

    async def get(self, path: str, caller: str = "acme") -> httpx.Response:
        return await self.http.get(path, headers={"Authorization": f"Bearer {KEYS[caller]}"})

    async def appeal(self, track_id: str, text: str, caller: str = "acme") -> httpx.Response:
        headers = {"Authorization": f"Bearer {KEYS[caller]}"}
        return await self.http.post(f"/v1/tracks/{track_id}/appeals", json={"text": text}, headers=headers)

    def stored(self) -> list[Path]:
        return [path for path in self.folder.rglob("*") if path.is_file()]


def faults(answer: httpx.Response) -> dict[str, str]:
    """The problem's fields and reasons, after checking that it is one."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    body = answer.json()
    assert body["status"] == answer.status_code
    return {error["field"]: error["reason"] for error in body["errors"]}
