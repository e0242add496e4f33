"""The queue as a plain Python object: the reference that the one in Redis is compared with, and a fake."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.moderation.domain.cases import (
    Case,
    CaseState,
    CaseSummary,
    Claim,
    Resolution,
    case_id_of,
    review_id_of,
)
from services.moderation.domain.queue import (
    Answer,
    Applied,
    Begun,
    Claimed,
    Counts,
    Cursor,
    DecisionChanged,
    Filter,
    HeldByOther,
    LeaseLost,
    NoSuchCase,
    NothingWaiting,
    NotOpen,
    Page,
    Released,
    Renewed,
    Share,
    Skipped,
)
from services.moderation.domain.words import words_of
from shared.clock import Clock


@dataclass
class _Kept:
    sequence: int
    state: CaseState
    summary: CaseSummary | None = None
    claim: Claim | None = None
    resolution: Resolution | None = None
    acknowledged: bool = True


@dataclass
class MemoryQueue:
    clock: Clock
    lease: timedelta = timedelta(minutes=15)
    skip_for: timedelta = timedelta(hours=24)
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
        if summary.sequence == kept.sequence:
            if not was_open or kept.summary is None or kept.summary.described or not summary.described:
                return Applied.REPEAT
            kept.summary = summary
            return Applied.DESCRIBED
        kept.sequence, kept.summary, kept.state = summary.sequence, summary, CaseState.OPEN
        if was_open:
            return Applied.UPDATED
        kept.resolution, kept.acknowledged = None, True
        return Applied.OPENED

    async def close(self, track_id: str, decision_id: str, sequence: int) -> Applied:  # noqa: ARG002 - the port's
        case_id = case_id_of(track_id)
        kept = self.kept.get(case_id)
        if kept is None:
            if sequence > 1:
                self.kept[case_id] = _Kept(sequence, CaseState.CLOSED)
            return Applied.NO_CASE
        if sequence <= kept.sequence:
            return Applied.REPEAT if sequence == kept.sequence else Applied.OLDER
        kept.sequence, kept.state, kept.claim, kept.acknowledged = sequence, CaseState.CLOSED, None, True
        return Applied.CLOSED if kept.summary else Applied.NO_CASE

    async def case(self, case_id: str) -> Case | None:
        kept = self.kept.get(case_id)
        return self._case(kept) if kept else None

    async def page(
        self, reviewer_id: str, wanted: Filter, *, limit: int, after: Cursor | None = None
    ) -> Page:
        cases = [case for case in self._in_order() if self._shown(case, reviewer_id, wanted)]
        if after is not None:
            cases = [case for case in cases if _place(case) > (after.order, after.case_id)]
        page = tuple(cases[:limit])
        last = Cursor(*_place(page[-1])) if len(cases) > limit else None
        return Page(page, last)

    async def counts(self, reviewer_id: str) -> Counts:
        waiting = [case for case in self._in_order() if case.state is CaseState.OPEN]
        reasons: dict[str, int] = {}
        distributors: dict[str, int] = {}
        for case in waiting:
            for code in {reason.code for reason in case.summary.reasons}:
                reasons[code] = reasons.get(code, 0) + 1
            if case.summary.distributor_id is not None:
                distributor = case.summary.distributor_id
                distributors[distributor] = distributors.get(distributor, 0) + 1
        return Counts(
            open=len(waiting),
            free=sum(case.claim is None for case in waiting),
            mine=sum(case.claim is not None and case.claim.reviewer_id == reviewer_id for case in waiting),
            pending=sum(case.state is CaseState.RESOLVED_PENDING for case in self._in_order()),
            reasons=reasons,
            distributors=distributors,
        )

    async def claim(self, case_id: str, reviewer_id: str) -> Claimed | HeldByOther | NotOpen | NoSuchCase:
        case = await self.case(case_id)
        if case is None:
            return NoSuchCase(case_id)
        if case.state is not CaseState.OPEN:
            return NotOpen(case)
        if case.claim is not None and case.claim.reviewer_id != reviewer_id:
            return HeldByOther(case.claim.reviewer_id, case.claim.until)
        token = case.claim.token if case.claim else self._next_token()
        return self._give(case_id, reviewer_id, token)

    async def claim_next(self, reviewer_id: str, wanted: Filter) -> Claimed | NothingWaiting:
        for case in self._in_order():
            skipped = self.skips.get((reviewer_id, case.case_id))
            if case.state is not CaseState.OPEN or case.claim is not None:
                continue
            if skipped is not None and skipped > self.clock.now():
                continue
            if self._fits(case, wanted):
                return self._give(case.case_id, reviewer_id, self._next_token())
        return NothingWaiting()

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

    async def begin_resolution(
        self, case_id: str, reviewer_id: str, token: int, answer: Answer
    ) -> Begun | LeaseLost | DecisionChanged | NotOpen | NoSuchCase:
        case = await self.case(case_id)
        if case is None:
            return NoSuchCase(case_id)
        resolution = Resolution(
            event_id=review_id_of(case_id, token),
            decision_id=answer.decision_id,
            outcome=answer.outcome,
            label_codes=answer.label_codes,
            note=answer.note,
            reviewer_id=reviewer_id,
            claim_token=token,
            resolved_at=self.clock.now(),
        )
        earlier = case.resolution
        if earlier is not None and resolution == earlier.model_copy(
            update={"resolved_at": resolution.resolved_at}
        ):
            return Begun(case, earlier, repeat=True)
        if case.state is not CaseState.OPEN:
            return NotOpen(case)
        if not _holds(case, reviewer_id, token):
            return LeaseLost(case.claim.reviewer_id if case.claim else None)
        if case.summary.decision_id != answer.decision_id:
            return DecisionChanged(case)
        kept = self.kept[case_id]
        kept.state, kept.claim = CaseState.RESOLVED_PENDING, None
        kept.resolution, kept.acknowledged = resolution, False
        return Begun(self._case(kept) or case, resolution, repeat=False)

    async def acknowledge(self, case_id: str, event_id: str) -> None:
        kept = self.kept.get(case_id)
        if kept is not None and kept.resolution is not None and kept.resolution.event_id == event_id:
            kept.acknowledged = True

    async def unacknowledged(self, *, older_than: timedelta) -> Sequence[Case]:
        latest = self.clock.now() - older_than
        return [
            case
            for case in self._in_order()
            if not case.acknowledged and case.resolution and case.resolution.resolved_at <= latest
        ]

    def _give(self, case_id: str, reviewer_id: str, token: int) -> Claimed:
        kept = self.kept[case_id]
        kept.claim = Claim(reviewer_id=reviewer_id, token=token, until=self.clock.now() + self.lease)
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
        )

    def _in_order(self) -> list[Case]:
        return sorted((case for kept in self.kept.values() if (case := self._case(kept))), key=_place)

    def _shown(self, case: Case, reviewer_id: str, wanted: Filter) -> bool:
        waiting = case.state is CaseState.OPEN
        match wanted.share:
            case Share.OPEN:
                shared = waiting
            case Share.FREE:
                shared = waiting and case.claim is None
            case Share.MINE:
                shared = waiting and case.claim is not None and case.claim.reviewer_id == reviewer_id
            case Share.PENDING:
                shared = case.state is CaseState.RESOLVED_PENDING
        return shared and self._fits(case, wanted)

    def _fits(self, case: Case, wanted: Filter) -> bool:
        summary = case.summary
        words = {name.removeprefix("word:") for name in summary.indexes if name.startswith("word:")}
        return (
            (wanted.reason is None or wanted.reason in {reason.code for reason in summary.reasons})
            and (wanted.distributor_id is None or wanted.distributor_id == summary.distributor_id)
            and all(any(word.startswith(asked) for word in words) for asked in words_of(wanted.text))
            and (wanted.older_than is None or summary.opened_at <= self.clock.now() - wanted.older_than)
            and not set(wanted.leaving_out) & set(summary.indexes)
            and (wanted.only_in is None or bool(set(wanted.only_in) & set(summary.indexes)))
        )


def _place(case: Case) -> tuple[int, str]:
    return case.summary.order, case.case_id


def _holds(case: Case, reviewer_id: str, token: int) -> bool:
    return case.claim is not None and (case.claim.reviewer_id, case.claim.token) == (reviewer_id, token)
