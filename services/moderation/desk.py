"""Deciding a case: kept in the queue under the claim, sent to Kafka after its undo window, acknowledged.

The order is what makes it safe. The queue checks claim, token and standing decision and takes the case out of
everyone's reach in one step, so no late decision gets past it; the event's id follows from case and token, so
sending it twice is sending it once; and what was kept but not acknowledged is sent again.
"""

from dataclasses import dataclass
from datetime import timedelta

import structlog

from services.moderation.domain.appeal_outcomes import decided
from services.moderation.domain.cases import Case, Resolution
from services.moderation.domain.outcomes import (
    Begun,
    DecisionChanged,
    LeaseLost,
    NoSuchCase,
    NotOpen,
    ProposalChanged,
    Proposed,
)
from services.moderation.domain.queue import Answer, ReviewQueue
from shared.errors import PublishError
from shared.events import Outcome, ReviewResolved
from shared.stream.envelope import envelope
from shared.stream.publisher import Publisher
from shared.topics import APPEALS_DECIDED, REVIEWS

log = structlog.get_logger()


@dataclass(frozen=True)
class Resolved:
    """The answer is kept until its undo window ends; without a window the broker has it."""

    case: Case
    resolution: Resolution


@dataclass(frozen=True)
class Incomplete:
    """The answer cannot be taken as it is; ``field`` names the part at fault."""

    field: str
    reason: str


Resolving = Resolved | Proposed | Incomplete | LeaseLost | DecisionChanged | NotOpen | NoSuchCase


class Desk:
    def __init__(self, queue: ReviewQueue, publisher: Publisher, label_codes: frozenset[str]) -> None:
        self._queue = queue
        self._publisher = publisher
        self._label_codes = label_codes

    async def resolve(
        self,
        case_id: str,
        reviewer_id: str,
        token: int,
        answer: Answer,
        *,
        undo: timedelta | None = None,
    ) -> Resolving:
        """Returns Resolved when the answer is kept for its undo window.

        Without a window: when all in-sync replicas have the review.

        Raises:
            PublishError: the answer is kept and will be sent again; the broker has not acknowledged it yet.
            SystemicError: the queue does not answer; nothing is known to be kept, and repeating is safe.
        """
        if (fault := self._fault(answer)) is not None:
            return fault
        begun = await self._queue.begin_resolution(case_id, reviewer_id, token, answer, undo=undo)
        return await self._sent_or_kept(begun) if isinstance(begun, Begun) else begun

    async def confirm(
        self, case_id: str, reviewer_id: str, token: int, proposal_id: str
    ) -> Resolved | LeaseLost | ProposalChanged | NotOpen | NoSuchCase:
        """The second person agrees with a proposal. Raises as ``resolve`` does."""
        begun = await self._queue.confirm(case_id, reviewer_id, token, proposal_id)
        return await self._sent_or_kept(begun) if isinstance(begun, Begun) else begun

    async def _sent_or_kept(self, begun: Begun) -> Resolved:
        """Within its undo window an answer is the queue's alone; the worker sends it afterwards."""
        if begun.resolution.undo_until is None and not begun.case.acknowledged:
            await self._send(begun.case, begun.resolution)
        return Resolved(begun.case, begun.resolution)

    async def resend(self, *, older_than: timedelta) -> int:
        """Send what was kept and never acknowledged; returns how many the broker has now."""
        sent = 0
        for case in await self._queue.unacknowledged(older_than=older_than):
            if case.resolution is None:
                continue
            try:
                await self._send(case, case.resolution)
            except PublishError as error:
                log.warning("a review waits for the broker", case_id=case.case_id, reason=str(error))
                return sent
            log.info("sent a review", case_id=case.case_id)
            sent += 1
        return sent

    async def _send(self, case: Case, resolution: Resolution) -> None:
        appeal = case.summary.appeal
        if appeal is not None:
            outcome = decided(case.summary, appeal, resolution)
            await self._publisher.publish(envelope(APPEALS_DECIDED, outcome, source="moderation"))
        if not resolution.upholds:
            review = _review(case, resolution)
            await self._publisher.publish(envelope(REVIEWS, review, source="moderation"))
        await self._queue.acknowledge(case.case_id, resolution.event_id)

    def _fault(self, answer: Answer) -> Incomplete | None:  # noqa: PLR0911 - one for each fault
        unknown = sorted(set(answer.label_codes) - self._label_codes)
        match answer.outcome:
            case _ if answer.upholds:
                said = bool(answer.note.strip())
                return None if said else Incomplete("note", "say why: the distributor is told the reason")
            case Outcome.QUARANTINE:
                return Incomplete("outcome", "publish, label or reject; the track is in quarantine already")
            case Outcome.LABEL if not answer.label_codes:
                return Incomplete("label_codes", "choose at least one label")
            case Outcome.LABEL if unknown:
                return Incomplete("label_codes", f"no such label: {', '.join(unknown)}")
            case Outcome.PUBLISH | Outcome.REJECT if answer.label_codes:
                return Incomplete("label_codes", "labels go with the outcome `label` only")
            case Outcome.REJECT if not answer.note.strip():
                return Incomplete("note", "say why: the distributor is told the reason")
            case _:
                return None


def _review(case: Case, resolution: Resolution) -> ReviewResolved:
    return ReviewResolved(
        event_id=resolution.event_id,
        occurred_at=resolution.resolved_at,
        track_id=case.summary.track_id,
        decision_id=resolution.decision_id,
        outcome=resolution.outcome,
        label_codes=resolution.label_codes,
        reviewer_id=resolution.reviewer_id,
        confirmed_by=resolution.confirmed_by,
        note=resolution.note,
        claim_token=resolution.claim_token,
    )
