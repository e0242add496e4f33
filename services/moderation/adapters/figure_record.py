"""The record of totals and gauges in Redis: three lists, each sparser and longer than the one before.

Redis losing it costs the past of the dashboards and nothing else.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from services.moderation.dashboards.odometer import Key, Odometer, Sight
from services.moderation.dashboards.reckoning import Entry
from services.moderation.dashboards.timeline import Span
from shared.errors import SystemicError

PREFIX = "trackgate:figures:"
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


@dataclass(frozen=True)
class Tier:
    """Entries ``every`` so many seconds, for ``keeps`` seconds. The first tier takes whatever comes."""

    name: str
    every: int
    keeps: int


TIERS = {
    Span.HOUR: Tier("fine", 10, _HOUR + 10 * _MINUTE),
    Span.DAY: Tier("middle", 5 * _MINUTE, _DAY + _HOUR),
    Span.MONTH: Tier("coarse", _HOUR, 31 * _DAY),
}


class FigureRecord:
    """Raises SystemicError wherever Redis does not answer. For a client that does not decode."""

    def __init__(self, client: Redis, *, prefix: str = PREFIX) -> None:
        self._client = client
        self._prefix = prefix

    async def take_turn(self, who: str, seconds: float) -> bool:
        """Whether ``who`` is the one process that looks, for the next ``seconds``.

        Two that look at once do no harm: both put the same totals.
        """
        key = f"{self._prefix}turn"
        try:
            if await self._client.set(key, who, nx=True, px=round(seconds * 1000)):
                return True
            if await self._client.get(key) != who.encode():
                return False
            await self._client.pexpire(key, round(seconds * 1000))
        except (RedisError, OSError) as error:
            raise SystemicError(f"Redis: {error}") from error
        return True

    async def odometer(self, now: float) -> Odometer:
        """As it was put last, or one that begins now."""
        try:
            text = await self._client.get(f"{self._prefix}odometer")
        except (RedisError, OSError) as error:
            raise SystemicError(f"Redis: {error}") from error
        return Odometer(began=now) if text is None else _odometer_of(json.loads(text))

    async def put(self, odometer: Odometer, entry: Entry) -> None:
        names = await self._names(entry.values)
        row = json.dumps([entry.at, *(entry.values.get(name) for name in names)], separators=(",", ":"))
        fine, *sparser = TIERS.values()
        try:
            last = await self._client.lindex(self._key(fine), -1)
            async with self._client.pipeline(transaction=True) as pipe:
                pipe.set(f"{self._prefix}odometer", json.dumps(_as_json(odometer), separators=(",", ":")))
                pipe.rpush(self._key(fine), row)
                pipe.ltrim(self._key(fine), -(fine.keeps // fine.every), -1)
                for tier in sparser:
                    if last is not None and _at(last) // tier.every < entry.at // tier.every:
                        pipe.rpush(self._key(tier), last)  # the last one before the mark on the clock
                        pipe.ltrim(self._key(tier), -(tier.keeps // tier.every), -1)
                await pipe.execute()
        except (RedisError, OSError) as error:
            raise SystemicError(f"Redis: {error}") from error

    async def entries(self, span: Span) -> list[Entry]:
        """Ascending: those of the span's tier, and what is newer than they are."""
        try:
            async with self._client.pipeline(transaction=True) as pipe:
                pipe.lrange(f"{self._prefix}names", 0, -1)
                pipe.get(f"{self._prefix}odometer")
                for tier in _down_to(span):
                    pipe.lrange(self._key(tier), 0, -1)
                names, odometer, *tiers = await pipe.execute()
        except (RedisError, OSError) as error:
            raise SystemicError(f"Redis: {error}") from error
        return await asyncio.to_thread(_entries, names, odometer, tiers) if odometer else []

    async def _names(self, values: Mapping[Key, float]) -> list[Key]:
        """The columns of a row. New ones are added at the end, so that older rows stay readable.

        What a row is made of is read again after adding: another process may have added some meanwhile.
        """
        key = f"{self._prefix}names"
        try:
            known = [_key_of(text) for text in await self._client.lrange(key, 0, -1)]
            if new := sorted(set(values) - set(known)):
                await self._client.rpush(key, *(json.dumps(name) for name in new))
                known = [_key_of(text) for text in await self._client.lrange(key, 0, -1)]
        except (RedisError, OSError) as error:
            raise SystemicError(f"Redis: {error}") from error
        return known

    def _key(self, tier: Tier) -> str:
        return f"{self._prefix}{tier.name}"


def _down_to(span: Span) -> list[Tier]:
    """The tier of the span and, of those denser than it, what is newer."""
    order = list(TIERS)
    return [TIERS[one] for one in order[order.index(span) :: -1]]


def _entries(names: Sequence[bytes], odometer: bytes, tiers: Sequence[Sequence[bytes]]) -> list[Entry]:
    keys = [_key_of(text) for text in names]
    found = [Entry(json.loads(odometer)["began"], {})]
    for rows in tiers:
        newest = found[-1].at
        for row in rows:
            at, *values = json.loads(row)
            if at > newest:
                values = zip(keys, values, strict=False)
                found.append(Entry(at, {key: value for key, value in values if value is not None}))
    return found


def _at(row: bytes | str) -> float:
    return float(json.loads(row)[0])


def _key_of(text: bytes | str) -> Key:
    name, labels = json.loads(text)
    return name, tuple((label, value) for label, value in labels)


def _as_json(odometer: Odometer) -> dict[str, Any]:
    return {
        "began": odometer.began,
        "read": sorted(odometer.read),
        "totals": [[key, value] for key, value in odometer.totals.items()],
        "seen": [
            [sight.instance, sight.started, [[key, value] for key, value in sight.samples.items()]]
            for sight in odometer.seen.values()
        ],
    }


def _odometer_of(said: dict[str, Any]) -> Odometer:
    return Odometer(
        began=said["began"],
        read=frozenset(said["read"]),
        totals=_pairs(said["totals"]),
        seen={
            instance: Sight(instance, started, _pairs(samples)) for instance, started, samples in said["seen"]
        },
    )


def _pairs(rows: Sequence[tuple[tuple[str, Sequence[Sequence[str]]], float]]) -> dict[Key, float]:
    return {(name, tuple((a, b) for a, b in labels)): value for (name, labels), value in rows}
