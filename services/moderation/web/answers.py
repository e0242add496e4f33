"""What the API answers and takes."""

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from services.moderation.domain.cases import Appeal, Case, CaseState, Claim, Passed, Proposal, Resolution
from services.moderation.domain.looking import Counts, Cursor
from services.moderation.domain.queue import Answer
from shared.events import DecisionMade, FindingRecorded, Outcome, Reason, ReviewResolved, TrackUploaded
from shared.events.base import Slug
from shared.views.tracks import TrackView


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True)


class CaseRow(_Answer):
    """A case as the queue lists it."""

    case_id: str
    track_id: str
    decision_id: str
    state: CaseState
    priority: int
    reasons: tuple[Reason, ...]
    opened_at: datetime
    title: str
    artist: str
    isrc: str | None
    distributor_id: str | None
    release_date: date | None
    seconds: float | None
    claim: Claim | None = Field(description="who works on it; the token only to its holder")
    resolution: Resolution | None
    due_at: datetime | None
    second_person: bool
    proposal: Proposal | None
    sent_back: Passed | None
    escalated: Passed | None
    appeal: Appeal | None

    @classmethod
    def of(cls, case: Case, reader_id: str) -> "CaseRow":
        summary = case.summary
        return cls(
            **summary.model_dump(
                include=set(cls.model_fields)
                - {"state", "claim", "resolution", "reasons", "due_at", "appeal"}
            ),
            reasons=summary.reasons,
            due_at=case.due_at,
            proposal=case.proposal,
            sent_back=case.sent_back,
            escalated=case.escalated,
            appeal=summary.appeal,
            state=case.state,
            claim=visible_claim(case.claim, reader_id),
            resolution=case.resolution,
        )


class CountsAnswer(_Answer):
    open: int
    free: int
    mine: int
    pending: int
    overdue: int
    escalated: int
    proposed: int
    appeals: int
    reasons: dict[str, int]
    distributors: dict[str, int]

    @classmethod
    def of(cls, counts: Counts) -> "CountsAnswer":
        return cls(
            open=counts.open,
            free=counts.free,
            mine=counts.mine,
            pending=counts.pending,
            overdue=counts.overdue,
            escalated=counts.escalated,
            proposed=counts.proposed,
            appeals=counts.appeals,
            reasons=counts.reasons,
            distributors=counts.distributors,
        )


class CasePage(_Answer):
    """``after`` goes into the next request; it is absent at the end."""

    cases: tuple[CaseRow, ...]
    after: str | None
    counts: CountsAnswer


class CaseAnswer(_Answer):
    """A case with everything known of its track. ``may_hear``: the reader may ask for the recording."""

    case: CaseRow
    may_hear: bool
    upload: TrackUploaded | None
    decision: DecisionMade | None
    findings: tuple[FindingRecorded, ...]
    decisions: tuple[DecisionMade, ...]
    reviews: tuple[ReviewResolved, ...]

    @classmethod
    def of(cls, case: Case, view: TrackView | None, reader_id: str, *, may_hear: bool) -> "CaseAnswer":
        return cls(
            case=CaseRow.of(case, reader_id),
            may_hear=may_hear,
            upload=view.upload if view else None,
            decision=view.decision if view else None,
            findings=view.findings if view else (),
            decisions=view.decisions if view else (),
            reviews=view.reviews if view else (),
        )


class UpcomingAnswer(_Answer):
    """``case_id`` is absent when nothing is free. Another may be faster: only a claim is a promise."""

    case_id: str | None


class ClaimAnswer(_Answer):
    """``token`` goes into every request made under the claim."""

    case_id: str
    token: int
    until: datetime


class ResolvedAnswer(_Answer):
    case_id: str
    resolution: Resolution | None
    proposal: Proposal | None = None


class WaveformAnswer(_Answer):
    """0 to 100 of full scale in even columns over ``covered`` of the ``seconds``; ``reason`` when empty."""

    seconds: float
    covered: float = 0.0
    peaks: tuple[int, ...] = ()
    rms: tuple[int, ...] = ()
    reason: str | None = None


class TokenRequest(_Answer):
    token: int


class ResolveRequest(_Answer):
    """``decision_id`` is the decision that the moderator looked at."""

    token: int
    decision_id: str
    outcome: Outcome
    label_codes: tuple[Slug, ...] = ()
    note: Annotated[str, Field(max_length=4000)] = ""
    upholds: bool = Field(default=False, description="of an appeal: the decision stays as it is")

    @property
    def answer(self) -> Answer:
        return Answer(self.decision_id, self.outcome, self.label_codes, self.note, self.upholds)


def visible_claim(claim: Claim | None, reader_id: str) -> Claim | None:
    """Another reviewer's token is nobody's business."""
    if claim is None or claim.reviewer_id == reader_id:
        return claim
    return claim.model_copy(update={"token": 0})


def cursor_text(cursor: Cursor | None) -> str | None:
    return f"{cursor.order}.{cursor.case_id}" if cursor else None


def cursor_of(text: str | None) -> Cursor | None:
    """Raises ValueError: not a cursor of ours."""
    if not text:
        return None
    order, separator, case_id = text.partition(".")
    if not separator:
        raise ValueError("not an `after` that this API gave out")
    return Cursor(int(order), case_id)
