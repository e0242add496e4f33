"""Bulk jobs in Redis, for as long as anybody may want to look at or undo them."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, cast

from redis.asyncio import Redis

from services.moderation.bulk import Job, JobState

_PREFIX = "trackgate:moderation-bulk:"
_KEPT = int(timedelta(days=1).total_seconds())


class RedisJobs:
    """A job as JSON, what it answered as a list, and a flag that stops it. ``client`` as for RedisQueue."""

    def __init__(self, client: Redis) -> None:
        self._client = client

    async def keep(self, job: Job) -> None:
        fields = {**asdict(job), "started_at": job.started_at.isoformat()}
        await self._client.set(f"{_PREFIX}{job.job_id}", json.dumps(fields), ex=_KEPT)

    async def find(self, job_id: str) -> Job | None:
        kept = cast("bytes | None", await self._client.get(f"{_PREFIX}{job_id}"))
        if kept is None:
            return None
        fields: dict[str, Any] = json.loads(kept)
        fields["started_at"] = datetime.fromisoformat(fields["started_at"])
        fields["state"] = JobState(fields["state"])
        fields["left_out"] = tuple((why, count) for why, count in fields["left_out"])
        return Job(**fields)

    async def answered(self, job_id: str, case_id: str, event_id: str) -> None:
        key = f"{_PREFIX}{job_id}:answers"
        async with self._client.pipeline(transaction=True) as pipe:
            pipe.rpush(key, f"{case_id} {event_id}")
            pipe.expire(key, _KEPT)
            await pipe.execute()

    async def answers(self, job_id: str) -> Sequence[tuple[str, str]]:
        lines = await cast("Any", self._client.lrange(f"{_PREFIX}{job_id}:answers", 0, -1))
        pairs = [line.decode().split(" ", 1) for line in lines]
        return [(case_id, event_id) for case_id, event_id in pairs]

    async def cancel(self, job_id: str) -> None:
        await self._client.set(f"{_PREFIX}{job_id}:cancelled", "1", ex=_KEPT)

    async def cancelled(self, job_id: str) -> bool:
        return bool(await self._client.exists(f"{_PREFIX}{job_id}:cancelled"))
