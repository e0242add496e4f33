"""The past in Redis: a HyperLogLog for each distributor and outcome, the newest decided cases by likeness.

Not part of the queue and never dropped with it: every note is idempotent, so Kafka can be read over it.
"""

from collections.abc import Iterable
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from services.moderation.adapters.queue_encoding import milliseconds
from services.moderation.domain.cases import Case, CaseSummary, case_id_of
from services.moderation.domain.past import OUTCOMES, DistributorRecord, Earlier, artist_key
from services.moderation.domain.queue import ReviewQueue
from shared.errors import SystemicError
from shared.events import DecisionMade

_PREFIX = "trackgate:moderation-past:"
_REMEMBERED = 100


class RedisPast:
    """What is known of the track comes from the decision's own record of its input."""

    def __init__(self, client: Redis, queue: ReviewQueue) -> None:
        self._client = client
        self._queue = queue

    async def note(self, decision: DecisionMade) -> None:
        distributor = _text(decision.policy_input.get("distributor"), "id")
        if distributor is None:
            return
        try:
            async with self._client.pipeline(transaction=False) as pipe:
                pipe.pfadd(_tracks(distributor), decision.track_id)
                pipe.pfadd(_tracks(distributor, decision.outcome.value), decision.track_id)
                if not decision.automated:
                    artist = _text(decision.policy_input.get("declaration"), "display_artist")
                    await self._keep(pipe, decision, distributor, artist)
                await pipe.execute()
        except RedisError as error:
            raise SystemicError(f"Redis: {error}") from error

    async def record_of(self, distributor_id: str) -> DistributorRecord:
        try:
            async with self._client.pipeline(transaction=False) as pipe:
                pipe.pfcount(_tracks(distributor_id))
                for outcome in OUTCOMES:
                    pipe.pfcount(_tracks(distributor_id, outcome.value))
                tracks, *counts = await pipe.execute()
        except RedisError as error:
            raise SystemicError(f"Redis: {error}") from error
        return DistributorRecord(distributor_id, tracks, dict(zip(OUTCOMES, counts, strict=True)))

    async def like(self, summary: CaseSummary, *, limit: int) -> tuple[Earlier, ...]:
        keys = _likenesses(
            summary.distributor_id, summary.artist, (reason.code for reason in summary.reasons)
        )
        try:
            async with self._client.pipeline(transaction=False) as pipe:
                for key in keys:
                    pipe.zrevrange(key, 0, limit, withscores=True)
                newest = await pipe.execute() if keys else []
        except RedisError as error:
            raise SystemicError(f"Redis: {error}") from error
        alike: dict[str, tuple[float, tuple[str, ...]]] = {}
        for what, found in zip(keys.values(), newest, strict=True):
            for track, at in found:
                alike[track.decode()] = (at, (*alike.get(track.decode(), (at, ()))[1], what))
        alike.pop(summary.track_id, None)
        first = sorted(alike.items(), key=lambda entry: (-len(entry[1][1]), -entry[1][0]))[:limit]
        return tuple(
            [
                _earlier(case, what)
                for track, (_, what) in first
                if (case := await self._queue.case(case_id_of(track))) is not None
                and case.resolution is not None
            ]
        )

    async def _keep(self, pipe: Any, decision: DecisionMade, distributor: str, artist: str | None) -> None:
        case = await self._queue.case(case_id_of(decision.track_id))
        held_for = (reason.code for reason in case.summary.reasons) if case else ()
        for key in _likenesses(distributor, artist or "", held_for):
            pipe.zadd(key, {decision.track_id: milliseconds(decision.occurred_at)})
            pipe.zremrangebyrank(key, 0, -_REMEMBERED - 1)


def _likenesses(distributor: str | None, artist: str, reasons: Iterable[str]) -> dict[str, str]:
    """The sets that a case is remembered in, each with what the cases in it have in common."""
    named = artist_key(artist)
    keys = {f"{_PREFIX}artist:{named}": "artist"} if named else {}
    if distributor is not None:
        keys |= {
            f"{_PREFIX}held:{distributor}:{code}": "distributor and reason" for code in sorted(set(reasons))
        }
    return keys


def _earlier(case: Case, alike: tuple[str, ...]) -> Earlier:
    if case.resolution is None:
        raise ValueError("only a case that was decided is an earlier one")
    return Earlier(
        case.case_id,
        case.summary.title,
        case.summary.artist,
        case.resolution.outcome,
        case.resolution.resolved_at,
        tuple(dict.fromkeys(alike)),
    )


def _tracks(distributor: str, outcome: str = "all") -> str:
    return f"{_PREFIX}tracks:{distributor}:{outcome}"


def _text(facts: object, name: str) -> str | None:
    value = facts.get(name) if isinstance(facts, dict) else None
    return value if isinstance(value, str) and value else None
