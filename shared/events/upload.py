"""What a distributor delivered."""

import base64
from datetime import date
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import AwareDatetime, Field, StringConstraints

from shared.events.base import Event, Record, Sha256, Slug, Territory, TrackId

Isrc = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}[A-Z0-9]{3}[0-9]{7}$")]
ShortText = Annotated[str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True)]


class AiUse(StrEnum):
    """What is *declared* about generated content; DDEX ERN 4.3.1 ContainsAI / AiContribution plus silence.

    ``undeclared`` is not ``none``: every message up to ERN 4.3 is undeclared.
    """

    NONE = "none"
    PARTLY = "partly"
    ALL = "all"
    UNDECLARED = "undeclared"


class Contributor(Record):
    """A credited party, or a generator (DDEX SpecialContributor ``GenerativeAI``) in a role.

    ``role`` is DDEX's ContributorRole text, for example MainArtist, Vocalist, Composer, Producer.
    """

    name: ShortText
    role: ShortText
    isni: str | None = None
    ai_use: AiUse = AiUse.UNDECLARED


class Declaration(Record):
    """The distributor's words about the recording. Never merged with what is detected."""

    title: ShortText
    display_artist: ShortText
    isrc: Isrc | None = None
    contributors: tuple[Contributor, ...] = ()
    ai_use: AiUse = AiUse.UNDECLARED
    release_date: date | None = None
    territories: tuple[Territory, ...] = ("Worldwide",)
    test_delivery: bool = False
    artist_keys_sha256: tuple[Sha256, ...] = Field(
        default=(), description="of the artist keys that the distributor presented"
    )


class AudioRef(Record):
    """Where the delivered bytes lie (claim check) and what decoding them counted, not what headers say."""

    uri: str
    sha256: Sha256
    bytes: Annotated[int, Field(gt=0)]
    container: str
    codec: str
    sample_rate: Annotated[int, Field(gt=0, description="Hz")]
    channels: Annotated[int, Field(gt=0)]
    frames: Annotated[int, Field(gt=0, description="samples per channel, counted while decoding")]

    @property
    def seconds(self) -> float:
        return self.frames / self.sample_rate


class AcousticFingerprint(Record):
    """What tells the recording from others by its sound, made while its audio was inspected.

    ``chromaprint`` is algorithm 2 over the first ten minutes, compressed, base64url without padding: what
    ``fpcalc`` prints and AcoustID takes. ``pcm_sha256`` is of the decoded samples.
    """

    chromaprint: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{6,60000}$")]
    pcm_sha256: Sha256

    @property
    def compressed(self) -> bytes:
        """For ``shared.fingerprint.decompress``."""
        return base64.urlsafe_b64decode(self.chromaprint + "=" * (-len(self.chromaprint) % 4))


class TrackUploaded(Event):
    """A delivery was accepted: its audio is stored and this record is acknowledged by the broker."""

    event_type: ClassVar[str] = "trackgate.track.uploaded.v1"

    track_id: TrackId
    distributor_id: Slug
    declaration: Declaration
    audio: AudioRef
    idempotency_key_sha256: Sha256 | None = None
    file_name: str | None = Field(default=None, max_length=255)
    received_at: AwareDatetime
    fingerprint: AcousticFingerprint | None = Field(
        default=None, description="absent in what was delivered before fingerprints were made"
    )

    @property
    def partition_key(self) -> str:
        return self.track_id
