"""Who is protected, what they consented to, and who may deliver. Compacted topics: the last word stands."""

from enum import StrEnum
from typing import ClassVar

from pydantic import AwareDatetime, Field

from shared.events.base import Event, Record, Sha256, Slug, Territory


class ArtistStatus(StrEnum):
    ACTIVE = "active"
    WITHDRAWN = "withdrawn"


class VoiceReference(Record):
    """A recording of the artist's own voice, as stored; the voice matcher measures it, nobody else.

    Recordings of one ``group`` (a register, an era) make one template; an artist may have several.
    """

    uri: str
    sha256: Sha256
    seconds: float
    rights_basis: str
    group: str = ""


class BiometricConsent(Record):
    """The explicit consent to being recognised by voice: who gave it, when, and to which wording."""

    given_by: str
    given_at: AwareDatetime
    wording: Slug


class ProofOfAuthority(Record):
    """Why the proposer may speak for the artist; the document itself stays with whoever holds it."""

    statement: str
    document_sha256: Sha256 | None = None


class ProtectedArtist(Event):
    """An artist whose voice is looked for. ``withdrawn`` stops the search at once.

    ``own_distributors`` hold the artist's key: what they deliver is the artist's own.
    ``biometric_consent`` says how the artist agreed to being recognised by voice (GDPR Art. 9), ``consent``
    who did, when and to which wording. ``approved_by`` is never ``proposed_by``.
    ``voice_stated_at`` is the ``occurred_at`` of the word that last changed the recordings, their groups, or
    whether the voice is looked for; before ``occurred_at``, this word changed something else.
    """

    event_type: ClassVar[str] = "trackgate.artist.protected.v1"

    artist_id: Slug
    name: str
    aliases: tuple[str, ...] = ()
    isni: str | None = None
    status: ArtistStatus = ArtistStatus.ACTIVE
    references: tuple[VoiceReference, ...] = ()
    own_distributors: tuple[Slug, ...] = ()
    biometric_consent: str
    consent: BiometricConsent | None = None
    authority: ProofOfAuthority | None = None
    proposed_by: Slug | None = None
    approved_by: Slug | None = None
    voice_stated_at: AwareDatetime | None = Field(
        default=None, description="absent in what was stated before this was told apart"
    )

    @property
    def partition_key(self) -> str:
        return self.artist_id

    @property
    def changes_the_voice(self) -> bool:
        """Whether what was screened before must be listened to again because of this word."""
        return self.voice_stated_at is None or self.voice_stated_at >= self.occurred_at


class GrantUse(StrEnum):
    CLONED_VOCAL = "cloned_vocal"
    VOICE_CONVERSION = "voice_conversion"
    SAMPLING = "sampling"
    TRAINING = "training"


class ConsentGrant(Event):
    """An artist's permission: to whom, for what, where and until when. Deny by default.

    ``grantee`` is a distributor id or ``*``. Empty ``isrcs`` means the grantee's whole catalogue.
    Live at t: ``valid_from <= t < valid_until`` and not ``revoked_at <= t``. ``granted_by`` is who signed,
    for the artist or as the artist; ``recorded_by`` who entered it.
    """

    event_type: ClassVar[str] = "trackgate.grant.given.v1"

    grant_id: Slug
    artist_id: Slug
    grantee: str
    uses: tuple[GrantUse, ...]
    isrcs: tuple[str, ...] = ()
    territories: tuple[Territory, ...] = ("Worldwide",)
    valid_from: AwareDatetime
    valid_until: AwareDatetime
    revoked_at: AwareDatetime | None = None
    label_required: bool = True
    document_sha256: Sha256 | None = None
    granted_by: str | None = None
    recorded_by: Slug | None = None

    @property
    def partition_key(self) -> str:
        return self.grant_id


class DistributorRegistered(Event):
    """A party that may deliver. Of its API key only the SHA-256 is kept (the key is 256 random bits)."""

    event_type: ClassVar[str] = "trackgate.distributor.registered.v1"

    distributor_id: Slug
    name: str
    api_key_sha256: Sha256
    active: bool = True
    tracks_per_day: int = Field(default=10_000, ge=0)

    @property
    def partition_key(self) -> str:
        return self.distributor_id
