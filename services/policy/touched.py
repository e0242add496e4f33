"""What an event makes a track depend on in the registry, so that a change there finds the track again."""

from services.policy.names import credits_of, keys_of
from shared.events import FindingRecorded, TrackUploaded
from shared.views.tracks import TrackEvent


def touched_artists(event: TrackEvent) -> frozenset[str]:
    """The artists that a finding recognised."""
    if isinstance(event, FindingRecorded):
        return frozenset(match.artist_id for match in event.matches)
    return frozenset()


def touched_names(event: TrackEvent) -> frozenset[str]:
    """The keys of all names that a delivery credits; an artist protected later is found by them."""
    if isinstance(event, TrackUploaded):
        return frozenset(key for credit in credits_of(event.declaration) for key in keys_of(credit.name))
    return frozenset()
