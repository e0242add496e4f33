"""What the API tells: the records without what must not be told (key digests, where recordings lie)."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from services.registry.advice import advice_on
from services.registry.artists import Proposed
from services.registry.domain import live_at
from services.registry.people import Person
from services.registry.proposals import Concern
from shared.events import (
    ArtistKeyGiven,
    ArtistStatus,
    BiometricConsent,
    ConsentGrant,
    DistributorRegistered,
    GrantUse,
    ProofOfAuthority,
    ProposalState,
    ProtectedArtist,
    VoiceReference,
)


class View(BaseModel):
    model_config = ConfigDict(frozen=True)


class ReferenceView(View):
    sha256: str
    seconds: float
    rights_basis: str
    group: str

    @classmethod
    def of(cls, reference: VoiceReference) -> "ReferenceView":
        return cls(**reference.model_dump(exclude={"uri"}))


class ArtistView(View):
    artist_id: str
    name: str
    aliases: tuple[str, ...]
    isni: str | None
    status: ArtistStatus
    references: tuple[ReferenceView, ...]
    own_distributors: tuple[str, ...]
    biometric_consent: str
    consent: BiometricConsent | None
    authority: ProofOfAuthority | None
    proposed_by: str | None
    approved_by: str | None
    changed_at: datetime
    template_made_at: datetime | None

    @classmethod
    def of(cls, artist: ProtectedArtist, template_made_at: datetime | None = None) -> "ArtistView":
        """``template_made_at``: when the voice was measured for all workers; None: not yet, or not kept."""
        return cls(
            artist_id=artist.artist_id,
            name=artist.name,
            aliases=artist.aliases,
            isni=artist.isni,
            status=artist.status,
            references=tuple(ReferenceView.of(reference) for reference in artist.references),
            own_distributors=artist.own_distributors,
            biometric_consent=artist.biometric_consent,
            consent=artist.consent,
            authority=artist.authority,
            proposed_by=artist.proposed_by,
            approved_by=artist.approved_by,
            changed_at=artist.occurred_at,
            template_made_at=template_made_at,
        )


class ConcernView(View):
    """``sha256`` names the recording; None: all of them together."""

    sha256: str | None
    checker: str
    code: str
    what: str
    do: str

    @classmethod
    def of(cls, concern: Concern) -> "ConcernView":
        advice = advice_on(concern.code)
        return cls(
            sha256=concern.sha256,
            checker=concern.checker,
            code=concern.code,
            what=advice.what,
            do=advice.do,
        )


class NeighbourView(View):
    """How near a protected artist's voice is. ``artist_id`` is None where the reader may not know whose."""

    artist_id: str | None
    percentile: float
    verdict: str


class ProposalView(View):
    artist_id: str
    proposal_id: str
    state: ProposalState
    name: str
    aliases: tuple[str, ...]
    isni: str | None
    references: tuple[ReferenceView, ...]
    own_distributors: tuple[str, ...]
    biometric_consent: str
    consent: BiometricConsent
    authority: ProofOfAuthority
    proposed_by: str
    proposed_at: datetime
    answered_by: str | None
    answered_at: datetime | None
    answer: str | None
    waiting_for: tuple[str, ...]
    unfit: tuple[ConcernView, ...]
    doubts: tuple[ConcernView, ...]
    neighbours: tuple[NeighbourView, ...]
    compared_with: int
    seconds_of_voice: dict[str, float]

    @classmethod
    def of(cls, proposed: Proposed, reader: Person) -> "ProposalView":
        proposal, known = proposed.proposal, proposed.progress
        kept = proposal.model_dump(exclude={"event_id", "occurred_at", "references", "consent", "authority"})
        return cls(
            **kept,
            references=tuple(ReferenceView.of(reference) for reference in proposal.references),
            consent=proposal.consent,
            authority=proposal.authority,
            waiting_for=known.waiting_for,
            unfit=tuple(ConcernView.of(concern) for concern in known.unfit),
            doubts=tuple(ConcernView.of(concern) for concern in known.doubts),
            neighbours=tuple(
                NeighbourView(
                    artist_id=near.artist_id if reader.sees(near.artist_id) else None,
                    percentile=near.percentile,
                    verdict=near.verdict,
                )
                for near in known.neighbours
            ),
            compared_with=known.compared_with,
            seconds_of_voice=dict(known.seconds_of_voice),
        )


class ArtistKeyView(View):
    """``live`` is at the moment of the answer. The key itself is told when it is made, and never again."""

    key_id: str
    artist_id: str
    distributor_id: str | None
    valid_from: datetime
    valid_until: datetime
    revoked_at: datetime | None
    live: bool

    @classmethod
    def of(cls, given: ArtistKeyGiven, now: datetime) -> "ArtistKeyView":
        kept = given.model_dump(exclude={"event_id", "occurred_at", "key_sha256"})
        return cls(**kept, live=live_at(given, now))


class NewArtistKeyView(ArtistKeyView):
    """The only answer that ever carries the key."""

    artist_key: str


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
    granted_by: str | None
    recorded_by: str | None
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
