"""What a reviewer does with cases, with every deed in the audit log: one place for the API and the pages."""

from datetime import timedelta
from typing import Protocol

from services.moderation.desk import Desk, Resolved, Resolving
from services.moderation.domain.access import LabelsNotYours, Reviewer, Right
from services.moderation.domain.cases import Case
from services.moderation.domain.looking import Filter
from services.moderation.domain.outcomes import (
    Claimed,
    Claiming,
    Escalated,
    LeaseLost,
    NoSuchCase,
    NothingWaiting,
    NotOpen,
    ProposalChanged,
    Proposed,
    Released,
    SentBack,
    Skipped,
    TooLate,
    Undone,
)
from services.moderation.domain.queue import Answer, ReviewQueue
from shared.views.tracks import TrackView


class Tracks(Protocol):
    async def view(self, track_id: str) -> TrackView | None:
        """Raises SystemicError when the views do not answer."""
        ...


class AuditLog(Protocol):
    async def record(self, deed: str, *, reviewer_id: str, **about: str | int | None) -> None:
        """Returns when the entry is kept for good.

        Raises:
            SystemicError: it could not be kept; the deed must not happen.
        """
        ...


class Office:
    """Rights and queues are checked by the guard, labels here, claims and tokens by the queue."""

    def __init__(self, queue: ReviewQueue, desk: Desk, tracks: Tracks, audit: AuditLog) -> None:
        self.queue = queue
        self.audit = audit
        self._desk = desk
        self._tracks = tracks

    async def look_at(self, case_id: str) -> tuple[Case, TrackView | None] | NoSuchCase:
        case = await self.queue.case(case_id)
        if case is None:
            return NoSuchCase(case_id)
        return case, await self._tracks.view(case.summary.track_id)

    async def claim(self, case_id: str, reviewer: Reviewer) -> Claiming:
        senior = reviewer.may(Right.SECOND)
        outcome = await self.queue.claim(case_id, reviewer.reviewer_id, senior=senior)
        if isinstance(outcome, Claimed):
            await self._claimed(outcome, reviewer)
        return outcome

    async def claim_next(self, reviewer: Reviewer, wanted: Filter) -> Claimed | NothingWaiting:
        senior = reviewer.may(Right.SECOND)
        outcome = await self.queue.claim_next(reviewer.reviewer_id, wanted, senior=senior)
        if isinstance(outcome, Claimed):
            await self._claimed(outcome, reviewer)
        return outcome

    async def release(
        self, case_id: str, reviewer: Reviewer, token: int
    ) -> Released | LeaseLost | NoSuchCase:
        outcome = await self.queue.release(case_id, reviewer.reviewer_id, token)
        if isinstance(outcome, Released):
            await self.audit.record(
                "released", reviewer_id=reviewer.reviewer_id, case_id=case_id, token=token
            )
        return outcome

    async def skip(self, case_id: str, reviewer: Reviewer) -> Skipped | NotOpen | NoSuchCase:
        outcome = await self.queue.skip(case_id, reviewer.reviewer_id)
        if isinstance(outcome, Skipped):
            await self.audit.record("skipped", reviewer_id=reviewer.reviewer_id, case_id=case_id)
        return outcome

    async def escalate(
        self, case_id: str, reviewer: Reviewer, token: int, note: str
    ) -> Escalated | LeaseLost | NoSuchCase:
        outcome = await self.queue.escalate(case_id, reviewer.reviewer_id, token, note)
        if isinstance(outcome, Escalated):
            await self.audit.record(
                "escalated", reviewer_id=reviewer.reviewer_id, case_id=case_id, token=token
            )
        return outcome

    async def confirm(
        self, case_id: str, reviewer: Reviewer, token: int, proposal_id: str
    ) -> Resolved | LeaseLost | ProposalChanged | NotOpen | NoSuchCase | LabelsNotYours:
        """The second person agrees. Raises as ``resolve`` does."""
        if reviewer.labels is not None:
            case = await self.queue.case(case_id)
            proposed = case.proposal.label_codes if case is not None and case.proposal is not None else ()
            if (denied := await self._denied(case_id, reviewer, proposed)) is not None:
                return denied
        await self.audit.record(
            "confirming",
            reviewer_id=reviewer.reviewer_id,
            case_id=case_id,
            token=token,
            event_id=proposal_id,
        )
        outcome = await self._desk.confirm(case_id, reviewer.reviewer_id, token, proposal_id)
        if isinstance(outcome, Resolved):
            await self.audit.record(
                "confirmed",
                reviewer_id=reviewer.reviewer_id,
                case_id=case_id,
                token=token,
                event_id=outcome.resolution.event_id,
            )
        return outcome

    async def send_back(
        self, case_id: str, reviewer: Reviewer, token: int, proposal_id: str, note: str
    ) -> SentBack | LeaseLost | ProposalChanged | NoSuchCase:
        outcome = await self.queue.send_back(case_id, reviewer.reviewer_id, token, proposal_id, note)
        if isinstance(outcome, SentBack):
            await self.audit.record(
                "sent_back",
                reviewer_id=reviewer.reviewer_id,
                case_id=case_id,
                token=token,
                event_id=proposal_id,
            )
        return outcome

    async def undo(self, case_id: str, reviewer: Reviewer, event_id: str) -> Undone | TooLate | NoSuchCase:
        outcome = await self.queue.undo(case_id, reviewer.reviewer_id, event_id)
        if isinstance(outcome, Undone):
            await self.audit.record(
                "undone", reviewer_id=reviewer.reviewer_id, case_id=case_id, event_id=event_id
            )
        return outcome

    async def resolve(
        self,
        case_id: str,
        reviewer: Reviewer,
        token: int,
        answer: Answer,
        *,
        undo: timedelta | None = None,
    ) -> Resolving | LabelsNotYours:
        """Raises PublishError and SystemicError as the desk does."""
        if (denied := await self._denied(case_id, reviewer, answer.label_codes)) is not None:
            return denied
        await self.audit.record(
            "resolving",
            reviewer_id=reviewer.reviewer_id,
            case_id=case_id,
            token=token,
            decision_id=answer.decision_id,
            outcome=answer.outcome.value,
        )
        outcome = await self._desk.resolve(case_id, reviewer.reviewer_id, token, answer, undo=undo)
        if isinstance(outcome, Proposed):
            await self.audit.record(
                "proposed",
                reviewer_id=reviewer.reviewer_id,
                case_id=case_id,
                token=token,
                event_id=outcome.proposal.proposal_id,
            )
        if isinstance(outcome, Resolved):
            await self.audit.record(
                "resolved",
                reviewer_id=reviewer.reviewer_id,
                case_id=case_id,
                token=token,
                event_id=outcome.resolution.event_id,
            )
        return outcome

    async def _denied(
        self, case_id: str, reviewer: Reviewer, label_codes: tuple[str, ...]
    ) -> LabelsNotYours | None:
        denied = reviewer.may_not_put(label_codes)
        if not denied:
            return None
        await self.audit.record(
            "refused", reviewer_id=reviewer.reviewer_id, case_id=case_id, why="labels-not-yours"
        )
        return LabelsNotYours(denied)

    async def _claimed(self, claimed: Claimed, reviewer: Reviewer) -> None:
        await self.audit.record(
            "claimed",
            reviewer_id=reviewer.reviewer_id,
            case_id=claimed.case.case_id,
            track_id=claimed.case.summary.track_id,
            token=claimed.claim.token,
        )
