"""The queue in Redis. Kafka is the record; see services.moderation.rebuild."""

import hashlib
import json
from collections.abc import Awaitable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from redis.asyncio import Redis
from redis.commands.core import AsyncScript
from redis.exceptions import RedisError

from services.moderation.adapters.scripts import source_of
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
        self, client: Redis, clock: Clock, *, lease: timedelta, skip: timedelta, prefix: str = PREFIX
    ) -> None:
        self._client = client
        self._clock = clock
        self._lease = lease
        self._skip = skip
        self._prefix = prefix
        self._scripts: dict[str, AsyncScript] = {}

    @property
    def changes(self) -> str:
        """Pub/sub channel that says ``<what> <case id>`` after every change."""
        return f"{self._prefix}changes"

    async def open(self, summary: CaseSummary) -> Applied:
        applied = await self._run(
            "open",
            summary.case_id,
            summary.sequence,
            summary.decision_id,
            summary.order,
            _milliseconds(summary.opened_at),
            summary.model_dump_json(),
            json.dumps(summary.indexes),
            int(summary.described),
        )
        return Applied(applied.decode())

    async def close(self, track_id: str, decision_id: str, sequence: int) -> Applied:
        applied = await self._run("close", case_id_of(track_id), sequence, decision_id)
        return Applied(applied.decode())

    async def case(self, case_id: str) -> Case | None:
        return _case(await self._run("case", case_id))

    async def page(
        self, reviewer_id: str, wanted: Filter, *, limit: int, after: Cursor | None = None
    ) -> Page:
        base = f"held:{reviewer_id}" if wanted.share is Share.MINE else wanted.share.value
        found, last = await self._run(
            "page",
            base,
            _groups(wanted),
            self._opened_before(wanted),
            after.order if after else 0,
            after.case_id if after else "",
            limit,
            _LOOKED_AT,
        )
        cases = [case for _, fields in found if (case := _case(fields)) is not None]
        return Page(tuple(cases), Cursor(int(last[0]), last[1].decode()) if last else None)

    async def counts(self, reviewer_id: str) -> Counts:
        waiting, free, mine, pending, reasons, distributors = await self._run("counts", reviewer_id)
        return Counts(waiting, free, mine, pending, _facet(reasons), _facet(distributors))

    async def claim(self, case_id: str, reviewer_id: str) -> Claimed | HeldByOther | NotOpen | NoSuchCase:
        match await self._run("claim", case_id, reviewer_id, self._ahead(self._lease)):
            case [b"claimed", fields]:
                return _claimed(fields)
            case [b"held", holder, until]:
                return HeldByOther(holder.decode(), _moment(until))
            case [b"not_open", fields]:
                return NotOpen(_require(fields))
            case _:
                return NoSuchCase(case_id)

    async def claim_next(self, reviewer_id: str, wanted: Filter) -> Claimed | NothingWaiting:
        match await self._run(
            "claim_next",
            reviewer_id,
            self._ahead(self._lease),
            _groups(wanted),
            self._opened_before(wanted),
            _LOOKED_AT,
        ):
            case [b"claimed", _, fields]:
                return _claimed(fields)
            case _:
                return NothingWaiting()

    async def renew(self, case_id: str, reviewer_id: str, token: int) -> Renewed | LeaseLost | NoSuchCase:
        until = self._ahead(self._lease)
        match await self._run("renew", case_id, reviewer_id, token, until):
            case [b"renewed"]:
                return Renewed(Claim(reviewer_id=reviewer_id, token=token, until=_moment(until)))
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
                return NotOpen(_require(fields))
            case _:
                return NoSuchCase(case_id)

    async def begin_resolution(
        self, case_id: str, reviewer_id: str, token: int, answer: Answer
    ) -> Begun | LeaseLost | DecisionChanged | NotOpen | NoSuchCase:
        resolution = Resolution(
            event_id=review_id_of(case_id, token),
            decision_id=answer.decision_id,
            outcome=answer.outcome,
            label_codes=answer.label_codes,
            note=answer.note,
            reviewer_id=reviewer_id,
            claim_token=token,
            resolved_at=self._clock.now(),
        )
        same = json.dumps(resolution.model_dump(mode="json", exclude={"resolved_at"}), sort_keys=True)
        match await self._run(
            "begin",
            case_id,
            reviewer_id,
            token,
            answer.decision_id,
            hashlib.sha256(same.encode()).hexdigest(),
            resolution.model_dump_json(),
        ):
            case [b"begun" | b"repeat" as how, fields]:
                case = _require(fields)
                return Begun(case, case.resolution or resolution, repeat=how == b"repeat")
            case [b"lost", holder]:
                return LeaseLost(holder.decode() or None)
            case [b"decision_changed", fields]:
                return DecisionChanged(_require(fields))
            case [b"not_open", fields]:
                return NotOpen(_require(fields))
            case _:
                return NoSuchCase(case_id)

    async def acknowledge(self, case_id: str, event_id: str) -> None:
        await self._run("acknowledge", case_id, event_id)

    async def unacknowledged(self, *, older_than: timedelta) -> Sequence[Case]:
        rows = await self._run("unacknowledged", self._ahead(-older_than))
        return [case for _, fields in rows if (case := _case(fields)) is not None]

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

    def _opened_before(self, wanted: Filter) -> int | str:
        return "" if wanted.older_than is None else self._ahead(-wanted.older_than)

    def _ahead(self, by: timedelta) -> int:
        return _milliseconds(self._clock.now() + by)

    async def _run(self, name: str, *arguments: str | int) -> Any:
        script = self._scripts.get(name)
        if script is None:
            script = self._scripts[name] = self._client.register_script(source_of(name))
        try:
            return await cast(
                "Awaitable[Any]",
                script(keys=[self._prefix], args=[_milliseconds(self._clock.now()), *arguments]),
            )
        except RedisError as error:
            raise SystemicError(f"Redis: {error}") from error


def _groups(wanted: Filter) -> str:
    groups = [{"name": f"word:{word}", "prefix": True} for word in sorted(words_of(wanted.text))]
    if wanted.reason is not None:
        groups.append({"name": f"reason:{wanted.reason}", "prefix": False})
    if wanted.distributor_id is not None:
        groups.append({"name": f"distributor:{wanted.distributor_id}", "prefix": False})
    return json.dumps(groups)


def _case(flat: Sequence[bytes]) -> Case | None:
    """None for an unknown case and for a track that was never quarantined."""
    fields: Mapping[bytes, bytes] = dict(zip(flat[::2], flat[1::2], strict=True))
    if b"summary" not in fields:
        return None
    claim = None
    if b"holder" in fields:
        claim = Claim(
            reviewer_id=fields[b"holder"].decode(),
            token=int(fields[b"token"]),
            until=_moment(fields[b"until"]),
        )
    resolution = fields.get(b"resolution")
    return Case(
        summary=CaseSummary.model_validate_json(fields[b"summary"]),
        state=CaseState(fields[b"state"].decode()),
        claim=claim,
        resolution=Resolution.model_validate_json(resolution) if resolution is not None else None,
        acknowledged=fields.get(b"acknowledged", b"1") == b"1",
    )


def _require(flat: Sequence[bytes]) -> Case:
    case = _case(flat)
    if case is None:
        raise SystemicError("the queue in Redis is damaged: rebuild it with `rebuild-views`")
    return case


def _claimed(flat: Sequence[bytes]) -> Claimed:
    case = _require(flat)
    if case.claim is None:
        raise SystemicError("the queue in Redis is damaged: rebuild it with `rebuild-views`")
    return Claimed(case, case.claim)


def _facet(flat: Sequence[Any]) -> dict[str, int]:
    return {name.decode(): int(count) for name, count in zip(flat[::2], flat[1::2], strict=True)}


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _moment(milliseconds: bytes | int) -> datetime:
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)
