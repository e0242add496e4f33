"""Tracks, artists and a store, made up."""

from collections.abc import AsyncIterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from shared.errors import ObjectMissing, StoreUnavailable
from shared.events import (
    ArtistStatus,
    AudioRef,
    Declaration,
    ProtectedArtist,
    TrackUploaded,
    VoiceReference,
)
from shared.objects.store import StoredObject

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def sha(name: str) -> str:
    return name.encode().hex().ljust(64, "0")[:64]


def uri(name: str) -> str:
    return f"trackgate://sha256/{sha(name)}"


def track(name: str = "song") -> TrackUploaded:
    audio = AudioRef(
        uri=uri(name),
        sha256=sha(name),
        bytes=1000,
        container="FLAC",
        codec="flac",
        sample_rate=44_100,
        channels=2,
        frames=44_100 * 60,
    )
    return TrackUploaded(
        event_id="e-1",
        occurred_at=NOW,
        track_id="00000000-0000-5000-8000-000000000001",
        distributor_id="d1",
        declaration=Declaration(title="Song", display_artist="Someone"),
        audio=audio,
        received_at=NOW,
    )


def artist(
    artist_id: str, *references: str, status: ArtistStatus = ArtistStatus.ACTIVE, consent: str = "signed"
) -> ProtectedArtist:
    return ProtectedArtist(
        event_id=f"e-{artist_id}",
        occurred_at=NOW,
        artist_id=artist_id,
        name=artist_id.title(),
        status=status,
        references=tuple(
            VoiceReference(uri=uri(name), sha256=sha(name), seconds=12.0, rights_basis="own recording")
            for name in references
        ),
        biometric_consent=consent,
    )


@dataclass
class NamedStore:
    """Every object is there except those that are ``missing`` (by URI)."""

    missing: set[str] = field(default_factory=set)
    away: bool = False

    def local_path(self, uri: str) -> Path:
        if self.away:
            raise StoreUnavailable("no answer")
        if uri in self.missing:
            raise ObjectMissing(f"no object {uri}")
        return Path("/objects") / uri.rsplit("/", 1)[1]

    async def put(self, chunks: AsyncIterable[bytes], *, limit_bytes: int) -> StoredObject:
        raise NotImplementedError
