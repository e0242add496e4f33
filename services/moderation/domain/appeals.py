"""An appeal as a case: whose it is, whose it must not be, and its clocks."""

from dataclasses import dataclass
from datetime import timedelta

from services.moderation.domain.cases import (
    POSITIVE,
    Appeal,
    CaseSummary,
    appeal_case_id_of,
    describe,
    recognises_a_protected_voice,
    score_of,
)
from shared.events import AppealFiled, DecisionMade, Outcome, Reason, ReviewResolved
from shared.views.tracks import TrackView

RESTRICTING = frozenset({Outcome.QUARANTINE, Outcome.LABEL, Outcome.REJECT})


@dataclass(frozen=True)
class Clocks:
    """How long after it was filed an appeal must have been taken up, and decided."""

    acknowledge: timedelta
    decide: timedelta


def appeal_case(filed: AppealFiled, view: TrackView, clocks: Clocks) -> CaseSummary | None:
    """The case of an appeal; None while the contested decision is not known.

    Its reasons are those of the contested decision and of the last automatic one before it, so that what a
    person's word replaced is still counted against the rule and the detector behind it.
    """
    contested = next((d for d in view.decisions if d.event_id == filed.decision_id), None)
    if contested is None:
        return None
    before = [d for d in view.decisions if d.automated and d.sequence <= contested.sequence]
    automatic = before[-1] if before else contested
    standing = view.decision or contested
    summary = CaseSummary(
        case_id=appeal_case_id_of(filed.track_id),
        track_id=filed.track_id,
        decision_id=standing.event_id,
        sequence=standing.sequence,
        priority=max(automatic.priority, contested.priority),
        reasons=_reasons(automatic, contested),
        opened_at=filed.occurred_at,
        described=False,
        second_person=any(recognises_a_protected_voice(d) for d in (automatic, standing)),
        barred=deciders(view.decisions, view.reviews),
        labels=tuple(label.code for label in contested.labels),
        score=score_of(automatic),
        appeal=Appeal(
            appeal_id=filed.event_id,
            text=filed.text,
            filed_at=filed.occurred_at,
            acknowledge_by=filed.occurred_at + clocks.acknowledge,
            decide_by=filed.occurred_at + clocks.decide,
            contested=contested.outcome,
            detectors=_detectors(automatic),
        ),
    )
    return describe(summary, view.upload) if view.upload is not None else summary


def deciders(decisions: tuple[DecisionMade, ...], reviews: tuple[ReviewResolved, ...]) -> tuple[str, ...]:
    """Everybody who decided about the track or confirmed it."""
    people = {d.decided_by for d in decisions if not d.automated}
    people |= {review.reviewer_id for review in reviews}
    people |= {review.confirmed_by for review in reviews if review.confirmed_by}
    return tuple(sorted(people))


def _reasons(*decisions: DecisionMade) -> tuple[Reason, ...]:
    return tuple({reason.code: reason for d in decisions for reason in d.reasons}.values())


def _detectors(decision: DecisionMade) -> tuple[str, ...]:
    findings = decision.policy_input.get("findings") or ()
    return tuple(sorted({f["detector"] for f in findings if f.get("verdict") in POSITIVE}))
