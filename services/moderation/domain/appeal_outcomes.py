"""What is announced when an appeal ends."""

from services.moderation.domain.cases import Appeal, CaseSummary, Resolution
from shared.events import AppealDecided, AppealFiled, AppealOutcome, DecisionMade
from shared.ids import deterministic_id


def decided(summary: CaseSummary, appeal: Appeal, resolution: Resolution) -> AppealDecided:
    """After a person's answer."""
    return AppealDecided(
        event_id=deterministic_id("appeal.decided", resolution.event_id),
        occurred_at=resolution.resolved_at,
        appeal_id=appeal.appeal_id,
        track_id=summary.track_id,
        decision_id=resolution.decision_id,
        outcome=AppealOutcome.UPHELD if resolution.upholds else AppealOutcome.OVERTURNED,
        distributor_id=summary.distributor_id,
        note=resolution.note,
        decided_by=resolution.reviewer_id,
        confirmed_by=resolution.confirmed_by,
        reasons=tuple(reason.code for reason in summary.reasons),
        detectors=appeal.detectors,
    )


def lapsed(summary: CaseSummary, appeal: Appeal, decision: DecisionMade) -> AppealDecided:
    """After a decision that restricts nothing took the place of the contested one."""
    return AppealDecided(
        event_id=_lapsed_id(appeal.appeal_id),
        occurred_at=decision.occurred_at,
        appeal_id=appeal.appeal_id,
        track_id=summary.track_id,
        decision_id=decision.event_id,
        outcome=AppealOutcome.LAPSED,
        distributor_id=summary.distributor_id,
        decided_by=decision.decided_by,
    )


def replaced(older: AppealFiled, newer: AppealFiled) -> AppealDecided:
    """After another appeal, against a newer decision on the same track: one person answers both in one."""
    return AppealDecided(
        event_id=_lapsed_id(older.event_id),
        occurred_at=newer.occurred_at,
        appeal_id=older.event_id,
        track_id=older.track_id,
        decision_id=newer.decision_id,
        outcome=AppealOutcome.LAPSED,
        distributor_id=older.distributor_id,
        note="Your newer appeal about this recording takes its place.",
        decided_by=newer.distributor_id,
    )


def _lapsed_id(appeal_id: str) -> str:
    """An appeal lapses once."""
    return deterministic_id("appeal.lapsed", appeal_id)
