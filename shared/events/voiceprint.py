"""A protected artist's voice template as it lies on the topic: sealed, and readable while its key exists."""

from typing import ClassVar

from shared.events.base import Event, Sha256, Slug


class VoiceprintSealed(Event):
    """``sealed`` is opened by the artist's key alone (see shared.voiceprints); a tombstone takes its place.

    ``references`` are the recordings that were listened to, in order; with ``model_version`` they say whether
    the template is still the one that a worker needs.
    """

    event_type: ClassVar[str] = "trackgate.voiceprint.sealed.v1"

    artist_id: Slug
    model_version: str
    key_id: str
    references: tuple[Sha256, ...]
    sealed: str

    @property
    def partition_key(self) -> str:
        return self.artist_id
