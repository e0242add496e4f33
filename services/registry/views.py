"""What the API tells: the records without what must not be told (key digests, where recordings lie)."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from services.registry.domain import live_at
from shared.events import (
    ArtistStatus,
    ConsentGrant,
    DistributorRegistered,
    GrantUse,
    ProtectedArtist,
    VoiceReference,
)


class View(BaseModel):
    model_config = ConfigDict(frozen=True)


class ReferenceView(View):
    sha256: str
    seconds: float
    rights_basis: str

    @classmethod
    def of(cls, reference: VoiceReference) -> "ReferenceView":
        return cls(sha256=reference.sha256, seconds=reference.seconds, rights_basis=reference.rights_basis)


class ArtistView(View):
    artist_id: str
    name: str
    aliases: tuple[str, ...]
    isni: str | None
    status: ArtistStatus
    references: tuple[ReferenceView, ...]
    own_distributors: tuple[str, ...]
    biometric_consent: str
    changed_at: datetime

    @classmethod
    def of(cls, artist: ProtectedArtist) -> "ArtistView":
        return cls(
            artist_id=artist.artist_id,
            name=artist.name,
            aliases=artist.aliases,
            isni=artist.isni,
            status=artist.status,
            references=tuple(ReferenceView.of(reference) for reference in artist.references),
            own_distributors=artist.own_distributors,
            biometric_consent=artist.biometric_consent,
            changed_at=artist.occurred_at,
        )


class GrantView(View):
    """``live`` is at the moment of the answer."""

    grant_id: str
    artist_id: str
    grantee: str
    uses: tuple[GrantUse, ...]
    isrcs: tuple[str, ...]
    territories: tuple[str, ...]
    valid_from: datetime
    valid_until: datetime
    revoked_at: datetime | None
    label_required: bool
    document_sha256: str | None
    live: bool

    @classmethod
    def of(cls, given: ConsentGrant, now: datetime) -> "GrantView":
        kept = given.model_dump(exclude={"event_id", "occurred_at"})
        return cls(**kept, live=live_at(given, now))


class DistributorView(View):
    distributor_id: str
    name: str
    active: bool
    tracks_per_day: int

    @classmethod
    def of(cls, distributor: DistributorRegistered) -> "DistributorView":
        return cls(
            distributor_id=distributor.distributor_id,
            name=distributor.name,
            active=distributor.active,
            tracks_per_day=distributor.tracks_per_day,
        )


class NewKeyView(DistributorView):
    """The only answer that ever carries the key."""

    api_key: str
