"""What the detectors' findings say, as facts for the policy. Pure."""

from services.policy.facts import CopyFacts, FindingFacts, ProvenanceFacts
from services.policy.vocabulary import FindingState, ManifestState
from shared.events import FindingRecorded


def finding_facts(detector: str, finding: FindingRecorded | None, *, required: bool) -> FindingFacts:
    if finding is None:
        return FindingFacts(detector=detector, verdict=FindingState.MISSING, required=required)
    return FindingFacts(
        detector=detector,
        verdict=FindingState(finding.verdict.value),
        required=required,
        event_id=finding.event_id,
        model_version=finding.model_version,
        score=finding.score,
        probability=finding.probability,
        threshold=finding.threshold,
        reason=finding.reason,
        seconds_measured=finding.seconds_measured,
    )


def copy_facts(finding: FindingRecorded | None, seconds: float) -> tuple[CopyFacts, ...]:
    if finding is None:
        return ()
    return tuple(
        CopyFacts(
            track_id=copy.track_id,
            distributor=copy.distributor_id,
            removed=copy.removed,
            came_first=copy.came_first,
            same_distributor=copy.same_distributor,
            same_claim=copy.same_claim,
            sameness=copy.sameness.value,
            seconds=copy.seconds,
            covers=round(min(1.0, copy.seconds / seconds), 3),
            finding_id=finding.event_id,
        )
        for copy in finding.copies
    )


def provenance_facts(finding: FindingRecorded | None) -> ProvenanceFacts:
    """The AI detector reads the manifest on its way; what it says is no part of what it measured."""
    if finding is None or finding.provenance is None:
        return ProvenanceFacts()
    return ProvenanceFacts(
        state=ManifestState(finding.provenance.state.value),
        declares_generated=finding.provenance.declares_generated,
        generator=finding.provenance.generator,
        signed_by=finding.provenance.signed_by,
    )
