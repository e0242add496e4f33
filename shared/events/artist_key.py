"""An artist key: whoever presents it with a delivery delivers for the artist."""

from typing import ClassVar

from pydantic import AwareDatetime

from shared.events.base import Event, Sha256, Slug


class ArtistKeyGiven(Event):
    """Of the key itself only the SHA-256 is kept (it is 256 random bits).

    ``distributor_id`` is the one distributor that may present it; None: any. Live at t:
    ``valid_from <= t < valid_until`` and not ``revoked_at <= t``.
    """

    event_type: ClassVar[str] = "trackgate.artist_key.given.v1"

    key_id: Slug
    artist_id: Slug
    key_sha256: Sha256
    distributor_id: Slug | None = None
    valid_from: AwareDatetime
    valid_until: AwareDatetime
    revoked_at: AwareDatetime | None = None

    @property
    def partition_key(self) -> str:
        return self.key_id
