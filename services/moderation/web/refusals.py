"""Typed refusals of the queue and the desk as problem details."""

from services.moderation.desk import Incomplete
from services.moderation.domain.access import LabelsNotYours
from services.moderation.domain.outcomes import (
    Barred,
    DecisionChanged,
    HeldByOther,
    LeaseLost,
    NoSuchCase,
    NothingWaiting,
    NotOpen,
    ProposalChanged,
    Proposed,
    SeniorsOnly,
    TooLate,
)
from shared.http import FieldError, Problem

Refusal = (
    HeldByOther
    | Barred
    | SeniorsOnly
    | Proposed
    | ProposalChanged
    | TooLate
    | LeaseLost
    | DecisionChanged
    | NotOpen
    | NoSuchCase
    | NothingWaiting
    | Incomplete
    | LabelsNotYours
)


def problem_of(refusal: Refusal) -> Problem:  # noqa: C901, PLR0911, PLR0912 - one return for each kind of refusal
    match refusal:
        case HeldByOther():
            return Problem.of(
                "held-by-other",
                title=f"{refusal.reviewer_id} is working on this case",
                status=409,
                detail=f"The claim lasts until {refusal.until:%H:%M:%S} UTC unless it is renewed.",
            )
        case Barred():
            return Problem.of(
                "another-person",
                title="Somebody else must look at this case",
                status=409,
                detail="You proposed its answer, or decided about this track before.",
            )
        case SeniorsOnly():
            return Problem.of(
                "seniors-only",
                title="This case is for seniors",
                status=403,
                detail="It was escalated, or waits for a second person.",
            )
        case Proposed():
            return Problem.of(
                "second-person-needed",
                title="A second person must confirm this",
                status=202,
                detail="Your answer is kept as a proposal.",
            )
        case ProposalChanged():
            return Problem.of(
                "proposal-changed", title="This is not the proposal that you looked at", status=409
            )
        case TooLate():
            return Problem.of(
                "too-late",
                title="It cannot be undone any more",
                status=409,
                detail="The decision has been sent, or somebody else has taken it up.",
            )
        case LeaseLost():
            now = f"{refusal.holder} has it now." if refusal.holder else "Nobody has it now."
            return Problem.of(
                "claim-lost",
                title="Your claim on this case has ended",
                status=409,
                detail=f"{now} Nothing was changed. Claim the case again to go on.",
            )
        case DecisionChanged():
            return Problem.of(
                "decision-changed",
                title="A newer decision stands than the one you looked at",
                status=409,
                detail="Something new was found about the track: look at the evidence again, then decide.",
            )
        case NotOpen():
            return Problem.of(
                "case-not-open", title="This case is decided already", status=409, detail=_decided(refusal)
            )
        case NoSuchCase():
            return Problem.of("no-such-case", title="There is no such case", status=404)
        case NothingWaiting():
            return Problem.of(
                "nothing-waiting",
                title="No free case fits",
                status=404,
                detail="Every case is claimed, was skipped by you, or does not fit the filters.",
            )
        case Incomplete():
            return Problem.of(
                "incomplete-answer",
                title="The decision is not complete",
                status=422,
                errors=[FieldError(field=refusal.field, reason=refusal.reason)],
            )
        case LabelsNotYours():
            return Problem.of(
                "labels-not-yours",
                title="You may not put this label",
                status=403,
                detail=f"Not yours to put: {', '.join(refusal.codes)}.",
            )


def _decided(refusal: NotOpen) -> str:
    resolution = refusal.case.resolution
    if resolution is None:
        return "Policy let the track go."
    return f"{resolution.reviewer_id} decided: {resolution.outcome}."
