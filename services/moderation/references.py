"""Reference recordings of the artists that a track's voice was matched with, to be heard beside it."""

from dataclasses import dataclass
from typing import Protocol

from shared.events import ArtistStatus, ProtectedArtist, VoiceReference
from shared.views.tracks import TrackView


class Artists(Protocol):
    def named(self, artist_id: str) -> ProtectedArtist | None:
        """The registry's last word on an artist; None for an unknown one, or while the registry is read."""
        ...


class NoArtists:
    """Where no registry is at hand: no references are offered."""

    def named(self, artist_id: str) -> ProtectedArtist | None:  # noqa: ARG002 - the port's
        return None


@dataclass(frozen=True)
class Reference:
    """``number`` counts the artist's references from 0."""

    artist_id: str
    artist: str
    number: int
    recording: VoiceReference


def references(view: TrackView | None, artists: Artists) -> tuple[Reference, ...]:
    """Of each matched artist, strongest match first. Protection that was withdrawn offers nothing."""
    voice = view.finding("voice_matcher") if view else None
    found: list[Reference] = []
    for match in sorted(voice.matches if voice else (), key=lambda match: -match.score):
        artist = artists.named(match.artist_id)
        if artist is not None and artist.status is ArtistStatus.ACTIVE:
            found += [
                Reference(artist.artist_id, artist.name, number, recording)
                for number, recording in enumerate(artist.references)
            ]
    return tuple(found)
