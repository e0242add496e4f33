"""Delivery log, schedule and endpoints' health in Redis; Kafka is the record.

Keys: ``trackgate:delivery:<id>`` (hash) · ``…:webhook-due:<distributor>`` and ``…:webhook-log:<distributor>``
(sorted sets of delivery ids by due time and by age) · ``…:webhook-health:<distributor>`` (hash) ·
``…:webhook-endpoints`` (set of distributors that have something due).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast

from redis.asyncio import Redis

from shared.events import WebhookDelivery
from shared.views.deliveries import WAITING, Delivery

KEPT = timedelta(days=30)
ENDPOINTS = "trackgate:webhook-endpoints"

_APPLY = """
local seen = redis.call('HGET', KEYS[1], 'sequence')
if seen and tonumber(ARGV[1]) <= tonumber(seen) then return 0 end
redis.call('HSET', KEYS[1], 'sequence', ARGV[1], 'event', ARGV[2])
redis.call('HSETNX', KEYS[1], 'queued_at', ARGV[6])
if ARGV[3] ~= '' then redis.call('HSET', KEYS[1], 'body', ARGV[3]) end
redis.call('EXPIRE', KEYS[1], ARGV[10])
redis.call('ZADD', KEYS[3], 'NX', ARGV[6], ARGV[5])
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', tonumber(ARGV[6]) - tonumber(ARGV[10]))
if ARGV[4] ~= '' then
  redis.call('ZADD', KEYS[2], ARGV[4], ARGV[5])
  redis.call('SADD', KEYS[5], ARGV[7])
else
  redis.call('ZREM', KEYS[2], ARGV[5])
end
if ARGV[8] == 'delivered' then
  redis.call('HDEL', KEYS[4], 'failing:' .. ARGV[9])
elseif ARGV[8] == 'failed' or ARGV[8] == 'given_up' then
  redis.call('HSETNX', KEYS[4], 'failing:' .. ARGV[9], ARGV[6])
end
if ARGV[11] == '1' then
  local off = tonumber(redis.call('HGET', KEYS[4], 'off') or '0')
  if tonumber(ARGV[9]) > off then redis.call('HSET', KEYS[4], 'off', ARGV[9]) end
end
return 1
"""


def delivery_key(delivery_id: str) -> str:
    return f"trackgate:delivery:{delivery_id}"


def due_key(distributor_id: str) -> str:
    return f"trackgate:webhook-due:{distributor_id}"


def _log_key(distributor_id: str) -> str:
    return f"trackgate:webhook-log:{distributor_id}"


def _health_key(distributor_id: str) -> str:
    return f"trackgate:webhook-health:{distributor_id}"


@dataclass(frozen=True)
class Health:
    """Of one generation of an endpoint. ``failing_since``: no request has succeeded since then."""

    failing_since: datetime | None
    off: bool


class RedisDeliveries:
    """``client`` must be made with ``decode_responses=False``."""

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._apply = client.register_script(_APPLY)

    async def record(self, event: WebhookDelivery) -> bool:
        """Fold one step in; False where it was a repeat. Idempotent, in any number of processes."""
        due = event.due_at or event.occurred_at
        distributor = event.distributor_id
        applied = await self._apply(
            keys=[
                delivery_key(event.delivery_id),
                due_key(distributor),
                _log_key(distributor),
                _health_key(distributor),
                ENDPOINTS,
            ],
            args=[
                event.sequence,
                event.model_copy(update={"body": None}).to_bytes(),
                event.body or "",
                due.timestamp() if event.step in WAITING else "",
                event.delivery_id,
                event.occurred_at.timestamp(),
                distributor,
                event.step.value,
                event.generation,
                int(KEPT.total_seconds()),
                int(event.endpoint_off),
            ],
        )
        return bool(applied)

    async def load(self, delivery_id: str) -> Delivery | None:
        fields = cast("dict[bytes, bytes]", await self._client.hgetall(delivery_key(delivery_id)))
        if b"event" not in fields:
            return None
        body = fields.get(b"body")
        return Delivery(
            WebhookDelivery.from_bytes(fields[b"event"]),
            datetime.fromtimestamp(float(fields[b"queued_at"]), UTC),
            body.decode() if body is not None else None,
        )

    async def page(self, distributor_id: str, *, offset: int, limit: int) -> Sequence[Delivery]:
        """Newest first; those that are kept no longer are left out."""
        ids = cast(
            "list[bytes]",
            await self._client.zrevrange(_log_key(distributor_id), offset, offset + limit - 1),
        )
        found = [await self.load(delivery_id.decode()) for delivery_id in ids]
        return [delivery for delivery in found if delivery is not None]

    async def health(self, distributor_id: str, generation: int) -> Health:
        since, off = await self._client.hmget(_health_key(distributor_id), f"failing:{generation}", "off")
        return Health(
            failing_since=None if since is None else datetime.fromtimestamp(float(since), UTC),
            off=off is not None and int(off) >= generation,
        )
