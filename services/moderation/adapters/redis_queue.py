"""The queue in Redis. Kafka is the record; see services.moderation.rebuild."""

from collections.abc import Awaitable, Sequence
from datetime import timedelta
from typing import Any, cast

from redis.asyncio import Redis
from redis.commands.core import AsyncScript
from redis.exceptions import RedisError

from services.moderation.adapters.queue_encoding import (
    base_of,
    begun_of,
    case_of,
    claimed_of,
    deed_of,
    facet_of,
    groups_of,
    known_case,
    milliseconds,
    moment,
    opening_of,
)
from services.moderation.adapters.scripts import source_of
from services.moderation.adapters.tallies import tallied
from services.moderation.domain.answering import answered, confirmed, proposed
from services.moderation.domain.cases import (
    Case,
    CaseSummary,
    Claim,
    Passed,
    Resolution,
    appeal_case_id_of,
    case_id_of,
)
from services.moderation.domain.queue import (
    EVERYTHING,
    Answer,
    Applied,
    Barred,
    Beginning,
    Claimed,
    Claiming,
    Confirming,
    Counts,
    Cursor,
    DecisionChanged,
    Escalated,
    Filter,
    HeldByOther,
    LeaseLost,
    NoSuchCase,
    NothingWaiting,
    NotOpen,
    Page,
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
from shared.clock import Clock
from shared.errors import SystemicError

PREFIX = "trackgate:moderation:"
_LOOKED_AT = 5_000
_BATCH = 500


class RedisQueue:
    """``client`` must be made with ``decode_responses=False``; it may be shared by all tasks of a process.

    Times are the injected clock's. Clocks of two processes that differ make a lease longer or shorter by the
    difference, and nothing worse: whether a claim still counts is decided by its token.

    Raises:
        SystemicError: from every method, when Redis does not answer.
    """

    def __init__(
        self,
        client: Redis,
        clock: Clock,
        *,
        lease: timedelta,
        skip: timedelta,
        undo: timedelta = timedelta(),
        prefix: str = PREFIX,
    ) -> None:
        self._client = client
        self._clock = clock
        self._lease = lease
        self._skip = skip
        self._undo = undo
        self._prefix = prefix
        self._scripts: dict[str, AsyncScript] = {}

    @property
    def changes(self) -> str:
        """Pub/sub channel that says ``<what> <case id>`` after every change."""
        return f"{self._prefix}changes"

    async def open(self, summary: CaseSummary) -> Applied:
        applied = await self._run("open", *opening_of(summary))
        return Applied(applied.decode())

    async def open_many(self, summaries: Sequence[CaseSummary]) -> list[Applied]:
        """``open`` for each, one round trip for all: each is atomic, all of them together are not."""
        script = self._script("open")
        now = milliseconds(self._clock.now())
        try:
            async with self._client.pipeline(transaction=False) as pipe:
                for summary in summaries:
                    await script(keys=[self._prefix], args=[now, *opening_of(summary)], client=pipe)
                return [Applied(applied.decode()) for applied in await pipe.execute()]
        except RedisError as error:
            raise SystemicError(f"Redis: {error}") from error

    async def close(self, track_id: str, decision_id: str, sequence: int, *, appeal: bool = False) -> Applied:
        case_id = appeal_case_id_of(track_id) if appeal else case_id_of(track_id)
        applied = await self._run("close", case_id, sequence, decision_id)
        return Applied(applied.decode())

    async def case(self, case_id: str) -> Case | None:
        return case_of(await self._run("case", case_id))

    async def page(
        self, reviewer_id: str, wanted: Filter, *, limit: int, after: Cursor | None = None
    ) -> Page:
        found, last = await self._run(
            "page",
            base_of(wanted, reviewer_id),
            groups_of(wanted),
            self._opened_before(wanted),
            after.order if after else 0,
            after.case_id if after else "",
            limit,
            _LOOKED_AT,
        )
        cases = [case for _, fields in found if (case := case_of(fields)) is not None]
        return Page(tuple(cases), Cursor(int(last[0]), last[1].decode()) if last else None)

    async def counts(self, reviewer_id: str, within: Filter = EVERYTHING) -> Counts:
        if within.leaving_out or within.only_in is not None:
            return tallied(await self._run("tallies", reviewer_id), within)
        *numbers, reasons, distributors = await self._run("counts", reviewer_id)
        waiting, free, mine, pending, overdue, escalated, proposed_, appeals = numbers
        return Counts(
            open=waiting,
            free=free,
            mine=mine,
            pending=pending,
            overdue=overdue,
            escalated=escalated,
            proposed=proposed_,
            appeals=appeals,
            reasons=facet_of(reasons),
            distributors=facet_of(distributors),
        )

    async def claim(self, case_id: str, reviewer_id: str, *, senior: bool = False) -> Claiming:
        match await self._run("claim", case_id, reviewer_id, self._ahead(self._lease), int(senior)):
            case [b"claimed", fields]:
                return claimed_of(fields)
            case [b"held", holder, until]:
                return HeldByOther(holder.decode(), moment(until))
            case [b"barred", fields]:
                return Barred(known_case(fields))
            case [b"seniors_only", fields]:
                return SeniorsOnly(known_case(fields))
            case [b"not_open", fields]:
                return NotOpen(known_case(fields))
            case _:
                return NoSuchCase(case_id)

    async def claim_next(
        self, reviewer_id: str, wanted: Filter, *, senior: bool = False
    ) -> Claimed | NothingWaiting:
        match await self._run(
            "claim_next",
            reviewer_id,
            self._ahead(self._lease),
            groups_of(wanted),
            self._opened_before(wanted),
            _LOOKED_AT,
            int(senior),
        ):
            case [b"claimed", _, fields]:
                return claimed_of(fields)
            case _:
                return NothingWaiting()

    async def upcoming(self, reviewer_id: str, wanted: Filter, *, senior: bool = False) -> Case | None:
        groups, opened_before = groups_of(wanted), self._opened_before(wanted)
        return case_of(
            await self._run("upcoming", reviewer_id, groups, opened_before, _LOOKED_AT, int(senior))
        )

    async def renew(self, case_id: str, reviewer_id: str, token: int) -> Renewed | LeaseLost | NoSuchCase:
        until = self._ahead(self._lease)
        match await self._run("renew", case_id, reviewer_id, token, until):
            case [b"renewed"]:
                return Renewed(Claim(reviewer_id=reviewer_id, token=token, until=moment(until)))
            case [b"lost", holder]:
                return LeaseLost(holder.decode() or None)
            case _:
                return NoSuchCase(case_id)

    async def release(self, case_id: str, reviewer_id: str, token: int) -> Released | LeaseLost | NoSuchCase:
        match await self._run("release", case_id, reviewer_id, token):
            case [b"released"]:
                return Released(case_id)
            case [b"lost", holder]:
                return LeaseLost(holder.decode() or None)
            case _:
                return NoSuchCase(case_id)

    async def skip(self, case_id: str, reviewer_id: str) -> Skipped | NotOpen | NoSuchCase:
        match await self._run("skip", case_id, reviewer_id, self._ahead(self._skip)):
            case [b"skipped"]:
                return Skipped(case_id)
            case [b"not_open", fields]:
                return NotOpen(known_case(fields))
            case _:
                return NoSuchCase(case_id)

    async def escalate(
        self, case_id: str, reviewer_id: str, token: int, note: str
    ) -> Escalated | LeaseLost | NoSuchCase:
        word = Passed(reviewer_id=reviewer_id, note=note, at=self._clock.now())
        match await self._run("escalate", case_id, reviewer_id, token, word.model_dump_json()):
            case [b"escalated"]:
                return Escalated(case_id)
            case [b"lost", holder]:
                return LeaseLost(holder.decode() or None)
            case _:
                return NoSuchCase(case_id)

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

    async def forget(self) -> int:
        """Drop all that the queue holds except the last token. For a rebuild from Kafka only."""
        kept = f"{self._prefix}token".encode()
        dropped = 0
        batch: list[bytes] = []
        try:
            async for key in self._client.scan_iter(match=f"{self._prefix}*", count=_BATCH):
                if key != kept:
                    batch.append(key)
                if len(batch) >= _BATCH:
                    dropped += await self._client.unlink(*batch)
                    batch.clear()
            if batch:
                dropped += await self._client.unlink(*batch)
        except RedisError as error:
            raise SystemicError(f"Redis: {error}") from error
        return dropped

    async def restore(self, resolution: Resolution, track_id: str) -> None:
        """Put a case that Kafka holds an answer for into ``resolved_pending``. For a rebuild only."""
        case_id = case_id_of(track_id)
        await self._run("restore", case_id, resolution.decision_id, resolution.model_dump_json())

    async def raise_token(self, least: int) -> None:
        """The next token will be above ``least``. For a rebuild only."""
        await self._run("raise_token", least)

    def _window(self, given: timedelta | None) -> timedelta:
        return self._undo if given is None else given

    def _opened_before(self, wanted: Filter) -> int | str:
        return "" if wanted.older_than is None else self._ahead(-wanted.older_than)

    def _ahead(self, by: timedelta) -> int:
        return milliseconds(self._clock.now() + by)

    async def _run(self, name: str, *arguments: str | int) -> Any:
        try:
            return await cast(
                "Awaitable[Any]",
                self._script(name)(keys=[self._prefix], args=[milliseconds(self._clock.now()), *arguments]),
            )
        except RedisError as error:
            raise SystemicError(f"Redis: {error}") from error

    def _script(self, name: str) -> AsyncScript:
        script = self._scripts.get(name)
        if script is None:
            script = self._scripts[name] = self._client.register_script(source_of(name))
        return script
