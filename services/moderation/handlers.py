"""A decision in, the queue brought up to date."""

from typing import Protocol

from services.moderation.domain.cases import CaseState, case_id_of, summarise
from services.moderation.domain.queue import ReviewQueue
from shared.events import DecisionMade, TrackUploaded
from shared.events import Outcome as Verdict
from shared.stream.outcome import Done, Outcome, Retry


class Uploads(Protocol):
    async def of(self, track_id: str) -> TrackUploaded | None:
        """The upload behind a track, or None while none is known.

        Raises:
            SystemicError: whoever keeps them does not answer.
        """
        ...


class DecisionHandler:
    """Keeps the queue in step with the decisions. Repeats and older decisions change nothing."""

    def __init__(self, queue: ReviewQueue, uploads: Uploads) -> None:
        self._queue = queue
        self._uploads = uploads

    async def __call__(self, decision: DecisionMade) -> Outcome:
        if decision.outcome is not Verdict.QUARANTINE:
            await self._queue.close(decision.track_id, decision.event_id, decision.sequence)
            return Done()
        summary = summarise(decision, await self._uploads.of(decision.track_id))
        case = await self._queue.case(case_id_of(decision.track_id))
        if case is not None and case.state is CaseState.OPEN:
            summary = summary.model_copy(update={"opened_at": case.summary.opened_at})
        await self._queue.open(summary)
        if not summary.described:
            return Retry("the case is open, and its upload is not known yet")
        return Done()
