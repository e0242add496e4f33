"""A track that was screened must be listened to again, for one artist's voice."""

from typing import ClassVar, Self

from shared.events.base import Event, Slug, TrackId
from shared.events.registry import ProtectedArtist
from shared.events.upload import AudioRef, TrackUploaded
from shared.ids import deterministic_id


class RelistenRequested(Event):
    """``occurred_at`` is the registration's: who listens must know at least that word of the registry."""

    event_type: ClassVar[str] = "trackgate.track.relisten.v1"

    track_id: TrackId
    audio: AudioRef
    artist_id: Slug
    artist_event_id: str

    @classmethod
    def of(cls, track: TrackUploaded, artist: ProtectedArtist) -> Self:
        return cls(
            event_id=deterministic_id("relisten", track.track_id, artist.event_id),
            occurred_at=artist.occurred_at,
            track_id=track.track_id,
            audio=track.audio,
            artist_id=artist.artist_id,
            artist_event_id=artist.event_id,
        )

    @property
    def partition_key(self) -> str:
        return self.track_id
