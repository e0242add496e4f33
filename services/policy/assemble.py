"""From what is known of a track, and the registry at one moment, to the policy's input."""

from collections.abc import Collection
from datetime import datetime

from services.policy.consent import GENERATED_USES, RECORDED_USES, Delivery
from services.policy.facts import (
    AudioFacts,
    ClaimFacts,
    CreditFacts,
    DeclarationFacts,
    DistributorFacts,
    LabelStatementFacts,
    MatchFacts,
    ReviewFacts,
)
from services.policy.inputs import AI_DETECTOR, FINGERPRINT, VOICE_MATCHER, PolicyInput
from services.policy.measured import copy_facts, finding_facts, provenance_facts
from services.policy.names import Credit, credits_of
from services.policy.patterns import Account, patterns
from services.policy.presented import presented_keys
from services.policy.registry import Registry
from services.policy.standing import artist_facts
from services.policy.vocabulary import MatchStrength
from shared.events import (
    AiUse,
    ArtistMatch,
    Declaration,
    FindingRecorded,
    GrantUse,
    LabelStated,
    ReviewResolved,
    TrackUploaded,
    Verdict,
)
from shared.views.tracks import TrackView

_STRENGTH = {Verdict.MATCH: MatchStrength.MATCH, Verdict.POSSIBLE: MatchStrength.POSSIBLE}
_MOST_DECLARED = (AiUse.UNDECLARED, AiUse.NONE, AiUse.PARTLY, AiUse.ALL)


def assemble(
    upload: TrackUploaded,
    view: TrackView,
    registry: Registry,
    *,
    required: Collection[str],
    at: datetime,
    review: ReviewResolved | None = None,
    account: Account | None = None,
) -> PolicyInput:
    """The input for a decision on ``upload`` at ``at``; ``account`` holds the recent tracks beside it.

    A required detector that has not answered is there as ``missing``; so is one whose finding is about
    other audio than was delivered.
    """
    findings = {
        finding.detector: finding for finding in view.findings if finding.audio_sha256 == upload.audio.sha256
    }
    detectors = sorted({*required, *findings})
    voice = findings.get(VOICE_MATCHER)
    delivery = Delivery(
        distributor_id=upload.distributor_id,
        declaration=upload.declaration,
        uses=_uses_to_cover(upload.declaration, findings.get(AI_DETECTOR)),
    )
    credited = _credited(upload.declaration, registry)
    strengths = {
        match.artist_id: _STRENGTH[match.verdict] for match in _matches(voice) if match.verdict in _STRENGTH
    }
    return PolicyInput(
        track_id=upload.track_id,
        evaluated_at=at,
        declaration=_declaration(upload.declaration),
        audio=AudioFacts(
            sha256=upload.audio.sha256,
            seconds=upload.audio.seconds,
            sample_rate=upload.audio.sample_rate,
            channels=upload.audio.channels,
            container=upload.audio.container,
            codec=upload.audio.codec,
        ),
        distributor=DistributorFacts(id=upload.distributor_id),
        findings=tuple(
            finding_facts(name, findings.get(name), required=name in required) for name in detectors
        ),
        matches=tuple(
            _match(match, voice.event_id, registry, delivery, at, claimed=match.artist_id in credited)
            for match in _matches(voice)
            if voice is not None and match.verdict in _STRENGTH
        ),
        claims=tuple(
            _claim(artist_id, credit, registry, delivery, at, strengths.get(artist_id, MatchStrength.NONE))
            for artist_id, credit in credited.items()
        ),
        copies=copy_facts(findings.get(FINGERPRINT), upload.audio.seconds),
        patterns=patterns(view, account, lambda artist_id: artist_facts(artist_id, registry, delivery, at)),
        provenance=provenance_facts(findings.get(AI_DETECTOR)),
        keys=presented_keys(delivery, registry, {*strengths, *credited}, at),
        review=_review(review),
        label_statements=_statements(view.labels, upload.audio.sha256, at),
    )


def ai_declared(declaration: Declaration) -> AiUse:
    """The most that is declared anywhere; generated roles make the track ``partly`` generated."""
    by_role = (
        AiUse.PARTLY if contributor.ai_use is AiUse.ALL else contributor.ai_use
        for contributor in declaration.contributors
    )
    return max((declaration.ai_use, *by_role), key=_MOST_DECLARED.index)


def _uses_to_cover(declaration: Declaration, ai: FindingRecorded | None) -> frozenset[GrantUse]:
    """Consent to sampling is enough only where nothing speaks for a generated voice."""
    declared = ai_declared(declaration) in {AiUse.PARTLY, AiUse.ALL}
    measured_clean = ai is not None and ai.verdict is Verdict.NOT_DETECTED
    return RECORDED_USES if measured_clean and not declared else GENERATED_USES


def _matches(voice: FindingRecorded | None) -> tuple[ArtistMatch, ...]:
    return tuple(sorted(voice.matches, key=lambda match: match.artist_id)) if voice is not None else ()


def _credited(declaration: Declaration, registry: Registry) -> dict[str, Credit]:
    """One credit for each protected artist that is named; a performing credit before a writing one."""
    credited: dict[str, Credit] = {}
    for credit in credits_of(declaration):
        for artist in registry.named(credit.name):
            known = credited.get(artist.artist_id)
            if known is None or (credit.performing and not known.performing):
                credited[artist.artist_id] = credit
    return dict(sorted(credited.items()))


def _match(
    match: ArtistMatch,
    finding_id: str,
    registry: Registry,
    delivery: Delivery,
    at: datetime,
    *,
    claimed: bool,
) -> MatchFacts:
    return MatchFacts(
        **dict(artist_facts(match.artist_id, registry, delivery, at)),
        verdict=_STRENGTH[match.verdict],
        score=match.score,
        probability=match.probability,
        threshold=match.threshold,
        claimed=claimed,
        finding_id=finding_id,
    )


def _claim(
    artist_id: str,
    credit: Credit,
    registry: Registry,
    delivery: Delivery,
    at: datetime,
    voice: MatchStrength,
) -> ClaimFacts:
    return ClaimFacts(
        **dict(artist_facts(artist_id, registry, delivery, at)),
        credited_as=credit.name,
        where=credit.where,
        performing=credit.performing,
        voice=voice,
    )


def _declaration(declaration: Declaration) -> DeclarationFacts:
    return DeclarationFacts(
        title=declaration.title,
        display_artist=declaration.display_artist,
        isrc=declaration.isrc,
        ai_use=declaration.ai_use,
        ai_declared=ai_declared(declaration),
        credits=tuple(
            CreditFacts(name=contributor.name, role=contributor.role, ai_use=contributor.ai_use)
            for contributor in declaration.contributors
        ),
        release_date=declaration.release_date.isoformat() if declaration.release_date else None,
        territories=declaration.territories,
        test_delivery=declaration.test_delivery,
    )


def _review(review: ReviewResolved | None) -> ReviewFacts | None:
    if review is None:
        return None
    return ReviewFacts(
        event_id=review.event_id,
        decision_id=review.decision_id,
        outcome=review.outcome,
        label_codes=review.label_codes,
        reviewer_id=review.reviewer_id,
        two_people=review.confirmed_by is not None and review.confirmed_by != review.reviewer_id,
    )


def _statements(
    labels: tuple[LabelStated, ...], audio_sha256: str, at: datetime
) -> tuple[LabelStatementFacts, ...]:
    """The newest word on each label of this audio, where it has not expired."""
    newest = {label.code: label for label in labels if label.audio_sha256 == audio_sha256}
    return tuple(
        LabelStatementFacts(
            event_id=label.event_id,
            code=label.code,
            action=label.action,
            reason=label.reason,
            expires_at=label.expires_at,
        )
        for _, label in sorted(newest.items())
        if label.expires_at is None or at < label.expires_at
    )
