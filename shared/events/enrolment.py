"""How an artist comes under protection: proposed by one, checked by detectors, approved by another."""

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import AwareDatetime, Field

from shared.events.base import Event, Record, Sha256, Slug
from shared.events.registry import BiometricConsent, ProofOfAuthority, VoiceReference


class ProposalState(StrEnum):
    """Only ``pending`` waits for anything; ``cancelled`` is the proposer's own word or a newer proposal's."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


class EnrolmentProposed(Event):
    """What somebody proposes to protect. It protects nothing before another person has approved it.

    ``references`` are all that the artist would have, those kept from before included. ``proposal_id`` is the
    id of the event that opened it, so that checks and answers are about this content and no later one.
    """

    event_type: ClassVar[str] = "trackgate.enrolment.proposed.v1"

    proposal_id: str
    artist_id: Slug
    name: str
    aliases: tuple[str, ...] = ()
    isni: str | None = None
    references: tuple[VoiceReference, ...]
    own_distributors: tuple[Slug, ...] = ()
    biometric_consent: str
    consent: BiometricConsent
    authority: ProofOfAuthority
    proposed_by: Slug
    proposed_at: AwareDatetime
    state: ProposalState = ProposalState.PENDING
    answered_by: Slug | None = None
    answered_at: AwareDatetime | None = None
    answer: str | None = Field(default=None, description="why rejected, or why doubts were set aside")

    @property
    def partition_key(self) -> str:
        return self.artist_id


class Fitness(StrEnum):
    """Of one reference recording. A person may set ``doubtful`` aside, with a reason; ``unfit`` nobody."""

    FIT = "fit"
    DOUBTFUL = "doubtful"
    UNFIT = "unfit"


class ReferenceCheck(Record):
    """What one detector found in one recording. ``codes`` say why it is not ``fit``."""

    sha256: Sha256
    fitness: Fitness
    codes: tuple[Slug, ...] = ()
    seconds_of_voice: Annotated[float, Field(ge=0.0)] | None = None


class Neighbour(Record):
    """A protected artist whose voice is near the proposed one.

    ``percentile``: the share of pairs of different voices, in percent, that are less alike than these two.
    ``verdict`` is what the voice matcher would say of a track that sounds so: ``match``,
    ``possible`` or ``no_match``.
    """

    artist_id: Slug
    percentile: Annotated[float, Field(ge=0.0, le=100.0)]
    verdict: Slug


class ReferencesChecked(Event):
    """One detector's opinion of a proposal's recordings. Holds no measurement of a voice.

    ``neighbours`` are the nearest of ``compared_with`` protected artists, nearest first; only the voice
    matcher has any.
    """

    event_type: ClassVar[str] = "trackgate.references.checked.v1"

    artist_id: Slug
    proposal_id: str
    checker: Slug
    model_version: str
    references: tuple[ReferenceCheck, ...]
    neighbours: tuple[Neighbour, ...] = ()
    compared_with: Annotated[int, Field(ge=0)] = 0

    @property
    def partition_key(self) -> str:
        return f"{self.artist_id}/{self.checker}"
