"""The one typed input that a policy sees, and that every decision records in full.

Rules read it through the names in ``RuleScope``. Nothing else reaches an evaluation: no clock, no registry,
no Redis. That is why deciding again from the record gives the same result.
"""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from services.policy.facts import (
    ArtistFacts,
    AudioFacts,
    ClaimFacts,
    CopyFacts,
    DeclarationFacts,
    DistributorFacts,
    FindingFacts,
    LabelStatementFacts,
    MatchFacts,
    PatternFacts,
    PresentedKeyFacts,
    ProvenanceFacts,
    ReviewFacts,
)
from services.policy.vocabulary import FindingState, MatchStrength, Standing
from shared.events import Record

AI_DETECTOR = "ai_detector"
VOICE_MATCHER = "voice_matcher"
FINGERPRINT = "fingerprint"


class PolicyInput(Record):
    """Everything that one evaluation may look at."""

    schema_version: Literal[1] = 1
    track_id: str
    evaluated_at: AwareDatetime
    declaration: DeclarationFacts
    audio: AudioFacts
    distributor: DistributorFacts
    findings: tuple[FindingFacts, ...]
    matches: tuple[MatchFacts, ...] = ()
    claims: tuple[ClaimFacts, ...] = ()
    copies: tuple[CopyFacts, ...] = ()
    patterns: tuple[PatternFacts, ...] = ()
    provenance: ProvenanceFacts = ProvenanceFacts()
    keys: tuple[PresentedKeyFacts, ...] = Field(default=(), description="for the distributor to read")
    review: ReviewFacts | None = None
    label_statements: tuple[LabelStatementFacts, ...] = ()

    def finding(self, detector: str) -> FindingFacts:
        """The detector's finding; ``missing`` where the input holds none."""
        for finding in self.findings:
            if finding.detector == detector:
                return finding
        return FindingFacts(detector=detector, verdict=FindingState.MISSING, required=False)

    @property
    def recognises_a_protected_voice(self) -> bool:
        """To release such a track takes two people."""
        return any(
            match.verdict is MatchStrength.MATCH and match.standing is not Standing.WITHDRAWN
            for match in self.matches
        )

    @property
    def finding_ids(self) -> frozenset[str]:
        return frozenset(finding.event_id for finding in self.findings if finding.event_id)

    @property
    def next_change(self) -> datetime | None:
        """When time alone may change the result: a consent begins or ends, a person's label expires."""
        artists: tuple[ArtistFacts, ...] = (*self.matches, *self.claims, *self.patterns)
        moments = [
            *(grant.changes_at for artist in artists for grant in artist.grants),
            *(statement.expires_at for statement in self.label_statements),
        ]
        return min((at for at in moments if at is not None and at > self.evaluated_at), default=None)


class RuleScope(Record):
    """The names a rule may use, with their types; the policy checker reads them from here."""

    declaration: DeclarationFacts
    audio: AudioFacts
    distributor: DistributorFacts
    ai: Annotated[FindingFacts, Field(description="the AI detector's finding")]
    voice: Annotated[FindingFacts, Field(description="the voice matcher's finding")]
    fingerprint: Annotated[FindingFacts, Field(description="the finding on copies of the recording")]
    findings: tuple[FindingFacts, ...]
    matches: tuple[MatchFacts, ...]
    claims: tuple[ClaimFacts, ...]
    copies: tuple[CopyFacts, ...]
    patterns: tuple[PatternFacts, ...]
    provenance: Annotated[ProvenanceFacts, Field(description="what a signed manifest in the file declares")]
    evaluated_at: AwareDatetime


def scope_of(given: PolicyInput) -> RuleScope:
    return RuleScope(
        declaration=given.declaration,
        audio=given.audio,
        distributor=given.distributor,
        ai=given.finding(AI_DETECTOR),
        voice=given.finding(VOICE_MATCHER),
        fingerprint=given.finding(FINGERPRINT),
        findings=given.findings,
        matches=given.matches,
        claims=given.claims,
        copies=given.copies,
        patterns=given.patterns,
        provenance=given.provenance,
        evaluated_at=given.evaluated_at,
    )
