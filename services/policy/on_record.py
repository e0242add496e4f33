"""What decisions that were made already say: their input, their result, the reviews in them. Pure."""

from datetime import datetime

from services.policy.inputs import PolicyInput
from shared.events import DecisionMade, ReviewResolved
from shared.views.tracks import TrackView


def review_applied(view: TrackView, review: ReviewResolved) -> bool:
    """Whether one of the track's decisions came from this review."""
    inputs = (recorded_input(decision) for decision in view.decisions if not decision.automated)
    return any(
        i is not None and i.review is not None and i.review.event_id == review.event_id for i in inputs
    )


def next_change(decision: DecisionMade) -> datetime | None:
    """When time alone may change what was decided; None for a record without its input."""
    given = recorded_input(decision)
    return given.next_change if given is not None else None


def recorded_input(decision: DecisionMade) -> PolicyInput | None:
    return PolicyInput.model_validate(decision.policy_input) if decision.policy_input else None


def said(decision: DecisionMade) -> tuple[object, ...]:
    return (
        decision.outcome,
        tuple((reason.code, reason.rule, reason.text) for reason in decision.reasons),
        tuple((label.code, label.basis) for label in decision.labels),
    )
