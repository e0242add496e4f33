"""Answers in the queue in Redis, from the click until the broker has them."""

from collections.abc import Sequence
from datetime import timedelta

from services.moderation.adapters.queue_encoding import (
    begun_of,
    case_of,
    claimed_of,
    deed_of,
    known_case,
    milliseconds,
)
from services.moderation.adapters.queue_lists import QueueLists
from services.moderation.domain.answering import answered, confirmed, proposed
from services.moderation.domain.cases import Case, Passed
from services.moderation.domain.outcomes import (
    Beginning,
    Confirming,
    DecisionChanged,
    LeaseLost,
    NoSuchCase,
    NotOpen,
    ProposalChanged,
    Proposed,
    SentBack,
    TooLate,
    Undone,
)
from services.moderation.domain.queue import Answer


class QueueAnswers(QueueLists):
    async def begin_resolution(
        self,
        case_id: str,
        reviewer_id: str,
        token: int,
        answer: Answer,
        *,
        undo: timedelta | None = None,
    ) -> Beginning:
        now = self._clock.now()
        resolution = answered(case_id, reviewer_id, token, answer, at=now, undo=self._window(undo))
        match await self._run(
            "begin",
            case_id,
            reviewer_id,
            token,
            answer.decision_id,
            deed_of(resolution),
            resolution.model_dump_json(),
            milliseconds(resolution.undo_until or now),
            int(answer.releases),
            proposed(resolution).model_dump_json(),
        ):
            case [b"begun" | b"repeat" as how, fields]:
                return begun_of(fields, repeat=how == b"repeat")
            case [b"proposed", fields]:
                case = known_case(fields)
                return Proposed(case, case.proposal or proposed(resolution))
            case [b"lost", holder]:
                return LeaseLost(holder.decode() or None)
            case [b"decision_changed", fields]:
                return DecisionChanged(known_case(fields))
            case [b"not_open", fields]:
                return NotOpen(known_case(fields))
            case _:
                return NoSuchCase(case_id)

    async def confirm(  # noqa: PLR0911 - one for each refusal
        self, case_id: str, reviewer_id: str, token: int, proposal_id: str
    ) -> Confirming:
        case = await self.case(case_id)
        if case is None:
            return NoSuchCase(case_id)
        if case.proposal is None:
            return ProposalChanged(case)
        now = self._clock.now()
        resolution = confirmed(case, reviewer_id, token, case.proposal, at=now, undo=self._window(None))
        match await self._run(
            "confirm",
            case_id,
            reviewer_id,
            token,
            proposal_id,
            deed_of(resolution),
            resolution.model_dump_json(),
            milliseconds(resolution.undo_until or now),
        ):
            case [b"begun" | b"repeat" as how, fields]:
                return begun_of(fields, repeat=how == b"repeat")
            case [b"lost", holder]:
                return LeaseLost(holder.decode() or None)
            case [b"proposal_changed", fields]:
                return ProposalChanged(known_case(fields))
            case [b"not_open", fields]:
                return NotOpen(known_case(fields))
            case _:
                return NoSuchCase(case_id)

    async def send_back(
        self, case_id: str, reviewer_id: str, token: int, proposal_id: str, note: str
    ) -> SentBack | LeaseLost | ProposalChanged | NoSuchCase:
        word = Passed(reviewer_id=reviewer_id, note=note, at=self._clock.now())
        match await self._run("send_back", case_id, reviewer_id, token, proposal_id, word.model_dump_json()):
            case [b"sent_back"]:
                return SentBack(case_id)
            case [b"lost", holder]:
                return LeaseLost(holder.decode() or None)
            case [b"proposal_changed", fields]:
                return ProposalChanged(known_case(fields))
            case _:
                return NoSuchCase(case_id)

    async def undo(self, case_id: str, reviewer_id: str, event_id: str) -> Undone | TooLate | NoSuchCase:
        match await self._run("undo", case_id, reviewer_id, event_id, self._ahead(self._lease)):
            case [b"undone", fields]:
                claimed = claimed_of(fields)
                return Undone(claimed.case, claimed.claim)
            case [b"too_late", fields]:
                return TooLate(known_case(fields))
            case _:
                return NoSuchCase(case_id)

    async def acknowledge(self, case_id: str, event_id: str) -> None:
        await self._run("acknowledge", case_id, event_id)

    async def unacknowledged(self, *, older_than: timedelta) -> Sequence[Case]:
        rows = await self._run("unacknowledged", self._ahead(-older_than))
        return [case for _, fields in rows if (case := case_of(fields)) is not None]

    def _window(self, given: timedelta | None) -> timedelta:
        return self._undo if given is None else given
