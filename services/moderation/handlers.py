"""Decisions and appeals in, the queue brought up to date."""

from typing import Protocol

from services.moderation import metrics
from services.moderation.domain.appeal_outcomes import lapsed, replaced
from services.moderation.domain.appeals import RESTRICTING, Clocks, appeal_case, deciders
from services.moderation.domain.cases import Case, CaseState, appeal_case_id_of, case_id_of, summarise
from services.moderation.domain.due import WITHIN_A_DAY, DueTable
from services.moderation.domain.past import NoPast, Past
from services.moderation.domain.queue import ReviewQueue
from shared.events import AppealDecided, AppealFiled, DecisionMade, TrackUploaded
from shared.events import Outcome as Verdict
from shared.stream.outcome import Done, Outcome, Output, Retry
from shared.topics import APPEALS_DECIDED
from shared.views.tracks import TrackView


class Uploads(Protocol):
    async def of(self, track_id: str) -> TrackUploaded | None:
        """The upload behind a track, or None while none is known.

        Raises:
            SystemicError: whoever keeps them does not answer.
        """
        ...


class AppealViews(Protocol):
    """The views of tracks, as far as appeals go. May raise SystemicError."""

    async def view(self, track_id: str) -> TrackView | None: ...

    async def record(self, event: AppealFiled | AppealDecided) -> None: ...


class DecisionHandler:
    """Keeps the queue in step with the decisions. Repeats and older decisions change nothing."""

    def __init__(
        self,
        queue: ReviewQueue,
        uploads: Uploads,
        past: Past | None = None,
        *,
        due: DueTable = WITHIN_A_DAY,
    ) -> None:
        self._queue = queue
        self._uploads = uploads
        self._past = past or NoPast()
        self._due = due

    async def __call__(self, decision: DecisionMade) -> Outcome:
        await self._past.note(decision)
        outputs = await self._appeal(decision)
        if decision.outcome is not Verdict.QUARANTINE:
            await self._queue.close(decision.track_id, decision.event_id, decision.sequence)
            return Done(outputs)
        summary = summarise(decision, await self._uploads.of(decision.track_id))
        case = await self._queue.case(case_id_of(decision.track_id))
        if case is not None and case.state is CaseState.OPEN:
            summary = summary.model_copy(update={"opened_at": case.summary.opened_at})
        await self._queue.open(self._due.due(summary))
        if not summary.described:
            return Retry("the case is open, and its upload is not known yet")
        return Done(outputs)

    async def _appeal(self, decision: DecisionMade) -> tuple[Output, ...]:
        """An open appeal follows the decision that stands; one that restricts nothing ends it."""
        case = await self._queue.case(appeal_case_id_of(decision.track_id))
        if case is None or case.summary.appeal is None or decision.sequence <= case.summary.sequence:
            return ()
        if case.state is not CaseState.OPEN:
            return self._lapsed_before(case, decision)
        if decision.outcome in RESTRICTING:
            barred = {*case.summary.barred, *deciders((decision,), ())}
            change = {
                "decision_id": decision.event_id,
                "sequence": decision.sequence,
                "barred": tuple(sorted(barred)),
            }
            await self._queue.open(case.summary.model_copy(update=change))
            return ()
        await self._queue.close(decision.track_id, decision.event_id, decision.sequence, appeal=True)
        return (Output(APPEALS_DECIDED, lapsed(case.summary, case.summary.appeal, decision)),)

    def _lapsed_before(self, case: Case, decision: DecisionMade) -> tuple[Output, ...]:
        """Told again: a process that died between closing the case and telling has told nobody."""
        appeal, unanswered = case.summary.appeal, case.resolution is None
        if appeal is None or case.state is not CaseState.CLOSED or not unanswered:
            return ()
        if decision.outcome in RESTRICTING:
            return ()
        return (Output(APPEALS_DECIDED, lapsed(case.summary, appeal, decision)),)


class AppealHandler:
    """An appeal becomes a case of its own, beside the case of its track."""

    def __init__(self, queue: ReviewQueue, views: AppealViews, clocks: Clocks) -> None:
        self._queue = queue
        self._views = views
        self._clocks = clocks

    async def __call__(self, filed: AppealFiled) -> Outcome:
        await self._views.record(filed)
        view = await self._views.view(filed.track_id)
        if view is None or (summary := appeal_case(filed, view, self._clocks)) is None:
            return Retry(f"decision {filed.decision_id} is not known yet")
        if any(one.appeal_id == filed.event_id for one in view.appeals_decided):
            return Done()
        await self._queue.open(summary)
        ended = {one.appeal_id for one in view.appeals_decided}
        older = [
            one for one in view.appeals if one.event_id not in ended and one.occurred_at < filed.occurred_at
        ]
        return Done(tuple(Output(APPEALS_DECIDED, replaced(one, filed)) for one in older))


class AppealOutcomeHandler:
    """Our own outcomes, read back: for the track's view, and counted against detector and reason."""

    def __init__(self, views: AppealViews) -> None:
        self._views = views

    async def __call__(self, outcome: AppealDecided) -> Outcome:
        view = await self._views.view(outcome.track_id)
        known = view is not None and any(one.event_id == outcome.event_id for one in view.appeals_decided)
        await self._views.record(outcome)
        if not known:
            metrics.appeal_decided(outcome)
        return Done()
