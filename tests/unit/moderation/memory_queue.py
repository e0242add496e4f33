"""The queue as a plain Python object: the reference that the one in Redis is compared with, and a fake."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.moderation.domain.answering import answered, confirmed, proposed
from services.moderation.domain.cases import (
    Case,
    CaseState,
    CaseSummary,
    Claim,
    Passed,
    Proposal,
    Resolution,
    appeal_case_id_of,
    case_id_of,
)
from services.moderation.domain.looking import EVERYTHING, SEARCHED_AS_INDEX, Counts, Cursor, Filter, Page
from services.moderation.domain.outcomes import (
    Applied,
    Barred,
    Beginning,
    Begun,
    Claimed,
    Claiming,
    Confirming,
    DecisionChanged,
    Escalated,
    HeldByOther,
    LeaseLost,
    NoSuchCase,
    NothingWaiting,
    NotOpen,
    ProposalChanged,
    Proposed,
    Released,
    Renewed,
    SeniorsOnly,
    SentBack,
    Skipped,
    TooLate,
    Undone,
)
from services.moderation.domain.queue import Answer
from shared.clock import Clock
from tests.unit.moderation.memory_search import counted, fits, in_share, shown


@dataclass
class _Kept:
    sequence: int
    state: CaseState
    summary: CaseSummary | None = None
    claim: Claim | None = None
    resolution: Resolution | None = None
    acknowledged: bool = True
    sealed: bool = False
    maker: str | None = None
    proposal: Proposal | None = None
    sent_back: Passed | None = None
    escalated: Passed | None = None
    taken_up_at: datetime | None = None


@dataclass
class MemoryQueue:
    clock: Clock
    lease: timedelta = timedelta(minutes=15)
    skip_for: timedelta = timedelta(hours=24)
    undo_for: timedelta = timedelta()
    kept: dict[str, _Kept] = field(default_factory=dict)
    skips: dict[tuple[str, str], datetime] = field(default_factory=dict)
    token: int | None = None

    async def open(self, summary: CaseSummary) -> Applied:
        kept = self.kept.get(summary.case_id)
        if kept is None:
            self.kept[summary.case_id] = _Kept(summary.sequence, CaseState.OPEN, summary)
            return Applied.OPENED
        if summary.sequence < kept.sequence:
            return Applied.OLDER
        was_open = kept.state is CaseState.OPEN
        newer_appeal = _filed(summary) > _filed(kept.summary)
        if summary.sequence == kept.sequence and not (was_open and newer_appeal):
            if not was_open or kept.summary is None or kept.summary.described or not summary.described:
                return Applied.REPEAT
            kept.summary = summary
            return Applied.DESCRIBED
        kept.sequence, kept.summary, kept.state = summary.sequence, summary, CaseState.OPEN
        kept.proposal = None
        if was_open:
            held = self._case(kept)
            if newer_appeal and (held is None or held.claim is None):
                kept.taken_up_at = None
            return Applied.UPDATED
        kept.resolution, kept.acknowledged, kept.sealed, kept.maker = None, True, False, None
        kept.sent_back, kept.escalated, kept.taken_up_at = None, None, None
        return Applied.OPENED

    async def close(
        self,
        track_id: str,
        decision_id: str,  # noqa: ARG002 - the port's
        sequence: int,
        *,
        appeal: bool = False,
    ) -> Applied:
        case_id = appeal_case_id_of(track_id) if appeal else case_id_of(track_id)
        kept = self.kept.get(case_id)
        if kept is None:
            if sequence > 1:
                self.kept[case_id] = _Kept(sequence, CaseState.CLOSED)
            return Applied.NO_CASE
        if sequence <= kept.sequence:
            return Applied.REPEAT if sequence == kept.sequence else Applied.OLDER
        kept.sequence, kept.state, kept.claim, kept.acknowledged = sequence, CaseState.CLOSED, None, True
        kept.proposal = kept.sent_back = kept.escalated = None
        return Applied.CLOSED if kept.summary else Applied.NO_CASE

    async def case(self, case_id: str) -> Case | None:
        kept = self.kept.get(case_id)
        return self._case(kept) if kept else None

    async def page(
        self, reviewer_id: str, wanted: Filter, *, limit: int, after: Cursor | None = None
    ) -> Page:
        cases = [case for case in self._in_order() if shown(case, reviewer_id, wanted, self.clock.now())]
        if after is not None:
            cases = [case for case in cases if _place(case) > (after.order, after.case_id)]
        page = tuple(cases[:limit])
        last = Cursor(*_place(page[-1])) if len(cases) > limit else None
        return Page(page, last)

    async def counts(self, reviewer_id: str, within: Filter = EVERYTHING) -> Counts:
        return counted(self._in_order(), reviewer_id, within, self.clock.now())

    async def claim(self, case_id: str, reviewer_id: str, *, senior: bool = False) -> Claiming:
        case = await self.case(case_id)
        if case is None:
            return NoSuchCase(case_id)
        if case.state is not CaseState.OPEN:
            return NotOpen(case)
        if case.claim is not None and case.claim.reviewer_id != reviewer_id:
            return HeldByOther(case.claim.reviewer_id, case.claim.until)
        if case.claim is None and case.barred(reviewer_id):
            return Barred(case)
        if case.claim is None and case.for_seniors and not senior:
            return SeniorsOnly(case)
        token = case.claim.token if case.claim else self._next_token()
        return self._give(case_id, reviewer_id, token)

    async def claim_next(
        self, reviewer_id: str, wanted: Filter, *, senior: bool = False
    ) -> Claimed | NothingWaiting:
        case = await self.upcoming(reviewer_id, wanted, senior=senior)
        if case is None:
            return NothingWaiting()
        return self._give(case.case_id, reviewer_id, self._next_token())

    async def upcoming(self, reviewer_id: str, wanted: Filter, *, senior: bool = False) -> Case | None:
        for case in self._in_order():
            skipped = self.skips.get((reviewer_id, case.case_id))
            if case.state is not CaseState.OPEN or case.claim is not None:
                continue
            if skipped is not None and skipped > self.clock.now():
                continue
            if case.barred(reviewer_id) or (case.for_seniors and not senior):
                continue
            if wanted.share in SEARCHED_AS_INDEX and not in_share(case, wanted.share, self.clock.now()):
                continue
            if fits(case, wanted, self.clock.now()):
                return case
        return None

    async def renew(self, case_id: str, reviewer_id: str, token: int) -> Renewed | LeaseLost | NoSuchCase:
        case = await self.case(case_id)
        if case is None:
            return NoSuchCase(case_id)
        if not _holds(case, reviewer_id, token):
            return LeaseLost(case.claim.reviewer_id if case.claim else None)
        return Renewed(self._give(case_id, reviewer_id, token).claim)

    async def release(self, case_id: str, reviewer_id: str, token: int) -> Released | LeaseLost | NoSuchCase:
        case = await self.case(case_id)
        if case is None:
            return NoSuchCase(case_id)
        if not _holds(case, reviewer_id, token):
            return LeaseLost(case.claim.reviewer_id if case.claim else None)
        self.kept[case_id].claim = None
        return Released(case_id)

    async def skip(self, case_id: str, reviewer_id: str) -> Skipped | NotOpen | NoSuchCase:
        case = await self.case(case_id)
        if case is None:
            return NoSuchCase(case_id)
        if case.state is not CaseState.OPEN:
            return NotOpen(case)
        self.skips[reviewer_id, case_id] = self.clock.now() + self.skip_for
        if case.claim is not None and case.claim.reviewer_id == reviewer_id:
            self.kept[case_id].claim = None
        return Skipped(case_id)

    async def escalate(
        self, case_id: str, reviewer_id: str, token: int, note: str
    ) -> Escalated | LeaseLost | NoSuchCase:
        case = await self.case(case_id)
        if case is None:
            return NoSuchCase(case_id)
        if not _holds(case, reviewer_id, token):
            return LeaseLost(case.claim.reviewer_id if case.claim else None)
        kept = self.kept[case_id]
        kept.claim = None
        kept.escalated = Passed(reviewer_id=reviewer_id, note=note, at=self.clock.now())
        return Escalated(case_id)

    async def begin_resolution(  # noqa: PLR0911 - one for each refusal
        self,
        case_id: str,
        reviewer_id: str,
        token: int,
        answer: Answer,
        *,
        undo: timedelta | None = None,
    ) -> Beginning:
        case = await self.case(case_id)
        if case is None:
            return NoSuchCase(case_id)
        window = self.undo_for if undo is None else undo
        resolution = answered(case_id, reviewer_id, token, answer, at=self.clock.now(), undo=window)
        if case.resolution is not None and _same(resolution, case.resolution):
            return Begun(case, case.resolution, repeat=True)
        if case.state is not CaseState.OPEN:
            return NotOpen(case)
        proposal = proposed(resolution)
        if case.proposal is not None and proposal == case.proposal.model_copy(
            update={"proposed_at": proposal.proposed_at}
        ):
            return Proposed(case, case.proposal)
        if not _holds(case, reviewer_id, token):
            return LeaseLost(case.claim.reviewer_id if case.claim else None)
        if case.summary.decision_id != answer.decision_id:
            return DecisionChanged(case)
        kept = self.kept[case_id]
        if case.summary.second_person and answer.releases:
            kept.proposal, kept.sent_back, kept.claim = proposal, None, None
            return Proposed(self._case(kept) or case, proposal)
        return self._settle(kept, resolution, reviewer_id)

    async def confirm(  # noqa: PLR0911 - one for each refusal
        self, case_id: str, reviewer_id: str, token: int, proposal_id: str
    ) -> Confirming:
        case = await self.case(case_id)
        if case is None:
            return NoSuchCase(case_id)
        if case.proposal is None:
            return ProposalChanged(case)
        resolution = confirmed(
            case, reviewer_id, token, case.proposal, at=self.clock.now(), undo=self.undo_for
        )
        if case.resolution is not None and _same(resolution, case.resolution):
            return Begun(case, case.resolution, repeat=True)
        if case.state is not CaseState.OPEN:
            return NotOpen(case)
        if not _holds(case, reviewer_id, token):
            return LeaseLost(case.claim.reviewer_id if case.claim else None)
        if case.proposal.proposal_id != proposal_id or case.proposal.reviewer_id == reviewer_id:
            return ProposalChanged(case)
        return self._settle(self.kept[case_id], resolution, reviewer_id)

    async def send_back(
        self, case_id: str, reviewer_id: str, token: int, proposal_id: str, note: str
    ) -> SentBack | LeaseLost | ProposalChanged | NoSuchCase:
        case = await self.case(case_id)
        if case is None:
            return NoSuchCase(case_id)
        if not _holds(case, reviewer_id, token):
            return LeaseLost(case.claim.reviewer_id if case.claim else None)
        if case.proposal is None or case.proposal.proposal_id != proposal_id:
            return ProposalChanged(case)
        kept = self.kept[case_id]
        kept.proposal = kept.claim = None
        kept.sent_back = Passed(reviewer_id=reviewer_id, note=note, at=self.clock.now())
        return SentBack(case_id)

    async def undo(self, case_id: str, reviewer_id: str, event_id: str) -> Undone | TooLate | NoSuchCase:
        case = await self.case(case_id)
        if case is None:
            return NoSuchCase(case_id)
        kept = self.kept[case_id]
        if case.state is CaseState.RESOLVED_PENDING and case.resolution is not None:
            until = case.resolution.undo_until
            late = kept.sealed or until is None or until <= self.clock.now()
            if late or kept.maker != reviewer_id or case.resolution.event_id != event_id:
                return TooLate(case)
            kept.state, kept.resolution, kept.acknowledged, kept.maker = CaseState.OPEN, None, True, None
        elif (
            case.state is CaseState.OPEN
            and case.claim is None
            and case.proposal is not None
            and (case.proposal.reviewer_id, case.proposal.proposal_id) == (reviewer_id, event_id)
        ):
            kept.proposal = None
        else:
            return TooLate(case)
        given = self._give(case_id, reviewer_id, self._next_token())
        return Undone(given.case, given.claim)

    def _settle(self, kept: _Kept, resolution: Resolution, maker: str) -> Begun:
        kept.state, kept.claim, kept.maker = CaseState.RESOLVED_PENDING, None, maker
        kept.resolution, kept.acknowledged = resolution, False
        kept.sealed = resolution.undo_until is None
        case = self._case(kept)
        assert case is not None
        return Begun(case, resolution, repeat=False)

    async def acknowledge(self, case_id: str, event_id: str) -> None:
        kept = self.kept.get(case_id)
        if kept is not None and kept.resolution is not None and kept.resolution.event_id == event_id:
            kept.acknowledged = True
            appeal = kept.summary is not None and kept.summary.appeal is not None
            if appeal and kept.state is CaseState.RESOLVED_PENDING:
                kept.state = CaseState.CLOSED

    async def unacknowledged(self, *, older_than: timedelta) -> Sequence[Case]:
        latest = self.clock.now() - older_than
        waiting = [
            case
            for case in self._in_order()
            if not case.acknowledged
            and case.resolution
            and (case.resolution.undo_until or case.resolution.resolved_at) <= latest
        ]
        for case in waiting:
            self.kept[case.case_id].sealed = True
        return waiting

    def _give(self, case_id: str, reviewer_id: str, token: int) -> Claimed:
        kept = self.kept[case_id]
        kept.claim = Claim(reviewer_id=reviewer_id, token=token, until=self.clock.now() + self.lease)
        if kept.summary is not None and kept.summary.appeal is not None and kept.taken_up_at is None:
            kept.taken_up_at = self.clock.now()
        self.skips.pop((reviewer_id, case_id), None)
        case = self._case(kept)
        assert case is not None
        return Claimed(case, kept.claim)

    def _next_token(self) -> int:
        self.token = (self.token if self.token is not None else int(self.clock.now().timestamp())) + 1
        return self.token

    def _case(self, kept: _Kept) -> Case | None:
        if kept.summary is None:
            return None
        if kept.claim is not None and kept.claim.until <= self.clock.now():
            kept.claim = None
        return Case(
            summary=kept.summary,
            state=kept.state,
            claim=kept.claim,
            resolution=kept.resolution,
            acknowledged=kept.acknowledged,
            proposal=kept.proposal,
            sent_back=kept.sent_back,
            escalated=kept.escalated,
            taken_up_at=kept.taken_up_at,
        )

    def _in_order(self) -> list[Case]:
        return sorted((case for kept in self.kept.values() if (case := self._case(kept))), key=_place)


def _filed(summary: CaseSummary | None) -> float:
    appeal = summary.appeal if summary is not None else None
    return 0.0 if appeal is None else appeal.filed_at.timestamp()


def _place(case: Case) -> tuple[int, str]:
    return case.summary.order, case.case_id


def _holds(case: Case, reviewer_id: str, token: int) -> bool:
    return case.claim is not None and (case.claim.reviewer_id, case.claim.token) == (reviewer_id, token)


def _same(one: Resolution, other: Resolution) -> bool:
    unsaid = {"resolved_at", "undo_until"}
    return one.model_dump(exclude=unsaid) == other.model_dump(exclude=unsaid)
