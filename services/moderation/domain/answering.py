"""What is kept of an answer: the same for every queue."""

from datetime import datetime, timedelta

from services.moderation.domain.cases import Case, Proposal, Resolution, review_id_of
from services.moderation.domain.queue import Answer


def answered(
    case_id: str, reviewer_id: str, token: int, answer: Answer, *, at: datetime, undo: timedelta
) -> Resolution:
    return Resolution(
        event_id=review_id_of(case_id, token),
        decision_id=answer.decision_id,
        outcome=answer.outcome,
        label_codes=answer.label_codes,
        note=answer.note,
        reviewer_id=reviewer_id,
        claim_token=token,
        resolved_at=at,
        undo_until=at + undo if undo else None,
        upholds=answer.upholds,
    )


def proposed(resolution: Resolution) -> Proposal:
    return Proposal(
        proposal_id=resolution.event_id,
        decision_id=resolution.decision_id,
        outcome=resolution.outcome,
        label_codes=resolution.label_codes,
        note=resolution.note,
        reviewer_id=resolution.reviewer_id,
        proposed_at=resolution.resolved_at,
        upholds=resolution.upholds,
    )


def confirmed(
    case: Case, reviewer_id: str, token: int, proposal: Proposal, *, at: datetime, undo: timedelta
) -> Resolution:
    """The proposer's answer under the claim of the second person."""
    return Resolution(
        event_id=review_id_of(case.case_id, token),
        decision_id=proposal.decision_id,
        outcome=proposal.outcome,
        label_codes=proposal.label_codes,
        note=proposal.note,
        reviewer_id=proposal.reviewer_id,
        confirmed_by=reviewer_id,
        claim_token=token,
        resolved_at=at,
        undo_until=at + undo if undo else None,
        upholds=proposal.upholds,
    )
