"""The single facts that a policy's input is made of; ``inputs`` says which of them a policy sees.

Nothing here is looked up later: what a decision knew of a detector, an artist or a copy is written out.
"""

from pydantic import AwareDatetime, Field

from services.policy.vocabulary import FindingState, GrantState, ManifestState, MatchStrength, Standing
from shared.events import AiUse, LabelAction, Outcome, Record


class CreditFacts(Record):
    name: str
    role: str
    ai_use: AiUse


class DeclarationFacts(Record):
    """The distributor's words. ``ai_use`` is as stated for the track.

    ``ai_declared`` is the most that was declared anywhere: a role that is generated makes the track
    ``partly`` even where the track's own field is silent or says ``none``.
    """

    title: str
    display_artist: str
    isrc: str | None
    ai_use: AiUse
    ai_declared: AiUse
    credits: tuple[CreditFacts, ...]
    release_date: str | None = Field(description="ISO 8601 date")
    territories: tuple[str, ...]
    test_delivery: bool


class AudioFacts(Record):
    sha256: str
    seconds: float
    sample_rate: int
    channels: int
    container: str
    codec: str


class DistributorFacts(Record):
    id: str


class FindingFacts(Record):
    """``event_id`` is None exactly when the state is ``missing``."""

    detector: str
    verdict: FindingState
    required: bool
    event_id: str | None = None
    model_version: str | None = None
    score: float | None = None
    probability: float | None = None
    threshold: float | None = None
    reason: str | None = None
    seconds_measured: float = 0.0

    @property
    def evidence(self) -> tuple[str, ...]:
        return (self.event_id,) if self.event_id else ()


class GrantFacts(Record):
    """A consent grant, or a presented artist key, that was considered, and what it lacked if not live."""

    grant_id: str
    event_id: str
    state: GrantState
    label_required: bool
    changes_at: AwareDatetime | None = Field(
        default=None, description="when time alone will change the state; None for never"
    )


class ArtistFacts(Record):
    """A protected artist as this delivery stands to them.

    ``standing`` weighs, in this order: protection withdrawn, the artist's own distributor or a live key of
    the artist, a live grant. An artist the registry does not know (yet) counts as protected by nobody's
    leave: unauthorised.
    """

    artist_id: str
    name: str
    standing: Standing
    grant: GrantFacts | None = Field(description="the live grant that stands, the most specific one")
    grants: tuple[GrantFacts, ...] = Field(description="every grant of the artist that was considered")
    label_required: bool


class MatchFacts(ArtistFacts):
    """A protected artist whose voice was recognised. ``claimed``: the delivery also names them."""

    verdict: MatchStrength
    score: float
    probability: float
    threshold: float
    claimed: bool
    finding_id: str

    @property
    def evidence(self) -> tuple[str, ...]:
        return (self.finding_id, *((self.grant.event_id,) if self.grant else ()))


class ClaimFacts(ArtistFacts):
    """A protected artist whom the delivery names.

    ``performing`` is False for writing credits: a cover names its composer, and that claims no voice.
    """

    credited_as: str
    where: str = Field(description="display_artist, title, or the role of the credit")
    performing: bool
    voice: MatchStrength

    @property
    def evidence(self) -> tuple[str, ...]:
        return (self.grant.event_id,) if self.grant else ()


class PatternFacts(ArtistFacts):
    """A protected artist whom several recent tracks of one account resemble, this one among them.

    An account is what one distributor delivers under one display artist. ``recordings`` were measured in
    ``days``; in ``resembling`` of them the artist is at least possible, in ``cleared`` a person released what
    resembled. ``probability`` weighs all of them together, however they came.
    """

    days: int
    recordings: int
    resembling: int
    cleared: int
    log_ratio: float
    probability: float
    finding_ids: tuple[str, ...] = Field(description="of the tracks that resemble, this one included")
    track_ids: tuple[str, ...] = Field(description="the same tracks")

    @property
    def evidence(self) -> tuple[str, ...]:
        return (*self.finding_ids, *((self.grant.event_id,) if self.grant else ()))


class PresentedKeyFacts(Record):
    """An artist key that came with the delivery. ``state`` is None where nobody gave such a key.

    ``counts``: the key is live and the recording or its credits point to the artist, so that it made the
    delivery the artist's own.
    """

    key_sha256: str
    key_id: str | None = None
    artist_id: str | None = None
    name: str | None = None
    state: GrantState | None = None
    counts: bool = False


class ProvenanceFacts(Record):
    """What a signed manifest in the file declares; ``none`` where there is none. No measurement."""

    state: ManifestState = ManifestState.NONE
    declares_generated: bool = False
    generator: str | None = None
    signed_by: str | None = None


class CopyFacts(Record):
    """A track that holds the same recording, or a part of it.

    ``came_first``: before this delivery, and before whatever its distributor delivered of the recording that
    stands, so that copies of an original say nothing against it. ``same_claim``: both name the same
    artist or ISRC. ``covers`` is the share of this delivery that was found to be the same.
    """

    track_id: str
    distributor: str
    removed: bool
    came_first: bool = False
    same_distributor: bool
    same_claim: bool
    sameness: str = Field(description="same_file, same_samples or same_sound")
    seconds: float
    covers: float
    finding_id: str

    @property
    def evidence(self) -> tuple[str, ...]:
        return (self.finding_id,)


class ReviewFacts(Record):
    """A person's answer. Who it was is in the review event, not here."""

    event_id: str
    decision_id: str
    outcome: Outcome
    label_codes: tuple[str, ...]
    reviewer_id: str
    two_people: bool | None = Field(
        default=None, description="somebody else confirmed it; None: decided before that was asked"
    )


class LabelStatementFacts(Record):
    """A person's word on a label of this audio, in force at the moment of the decision."""

    event_id: str
    code: str
    action: LabelAction
    reason: str
    expires_at: AwareDatetime | None = None
