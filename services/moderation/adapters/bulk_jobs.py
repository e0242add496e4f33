"""Bulk jobs in Redis, for as long as anybody may want to look at or undo them."""

import json
from collections.abc import Awaitable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

from pydantic import TypeAdapter
from redis.asyncio import Redis
from redis.exceptions import RedisError

from services.moderation.adapters.queue_encoding import milliseconds
from services.moderation.domain.bulk import Answering, Beat, Job, JobState, Planned
from shared.errors import SystemicError

_PREFIX = "trackgate:moderation-bulk:"
_KEPT = int(timedelta(days=1).total_seconds())
_LISTED = 20
LEASE = timedelta(seconds=20)
"""Longer than one case takes with everything slow; a run that is silent for so long is dead or stopped."""

_JOB: TypeAdapter[Job] = TypeAdapter(Job)

_BEGIN = """
if not redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2]) then return 0 end
redis.call('DEL', KEYS[3])
redis.call('SET', KEYS[1], ARGV[3], 'EX', ARGV[4])
return 1
"""
_BEAT = """
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 'lost' end
redis.call('PEXPIRE', KEYS[2], ARGV[2])
redis.call('SET', KEYS[1], ARGV[3], 'EX', ARGV[4])
return redis.call('EXISTS', KEYS[3]) == 1 and 'cancelled' or 'go'
"""
_END = """
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[3], 'EX', ARGV[4])
redis.call('DEL', KEYS[2])
return 1
"""


class RedisJobs:
    """A job and its plan as JSON, its answers as a list, its lease and its cancellation as keys.

    ``client`` as for RedisQueue.
    """

    def __init__(self, client: Redis, *, lease: timedelta = LEASE) -> None:
        self._client = client
        self._lease_ms = int(lease.total_seconds() * 1000)
        self._begin, self._beat, self._end = (
            client.register_script(source) for source in (_BEGIN, _BEAT, _END)
        )

    async def plan(self, job: Job, cases: Sequence[Planned]) -> None:
        lines = json.dumps([[one.case_id, one.decision_id, one.title, one.artist] for one in cases])
        mine = f"{_PREFIX}of:{job.reviewer_id}"
        async with self._client.pipeline(transaction=True) as pipe:
            pipe.set(_key(job.job_id), _JOB.dump_json(job), ex=_KEPT)
            pipe.set(_key(job.job_id, "plan"), lines, ex=_KEPT)
            pipe.zadd(mine, {job.job_id: milliseconds(job.made_at)})
            pipe.zremrangebyrank(mine, 0, -_LISTED - 1)
            pipe.expire(mine, _KEPT)
            await _told(pipe.execute())

    async def find(self, job_id: str) -> Job | None:
        async with self._client.pipeline(transaction=True) as pipe:
            pipe.get(_key(job_id))
            pipe.exists(_key(job_id, "lease"))
            kept, leased = await _told(pipe.execute())
        return None if kept is None else _as_it_is(_JOB.validate_json(kept), leased=bool(leased))

    async def planned(self, job_id: str) -> Sequence[Planned]:
        lines = await _told(self._client.get(_key(job_id, "plan")))
        return [Planned(*line) for line in json.loads(lines or b"[]")]

    async def of(self, reviewer_id: str) -> Sequence[Job]:
        ids = await _told(self._client.zrevrange(f"{_PREFIX}of:{reviewer_id}", 0, _LISTED - 1))
        found = [await self.find(job_id.decode()) for job_id in ids]
        return [job for job in found if job is not None]

    async def begin(self, job: Job, run_id: str) -> bool:
        return bool(await self._run(self._begin, job, run_id))

    async def beat(self, job: Job, run_id: str) -> Beat:
        return Beat((await self._run(self._beat, job, run_id)).decode())

    async def answering(self, job_id: str, answering: Answering) -> None:
        key = _key(job_id, "answers")
        async with self._client.pipeline(transaction=True) as pipe:
            pipe.rpush(key, f"{answering.case_id} {answering.event_id}")
            pipe.expire(key, _KEPT)
            await _told(pipe.execute())

    async def answers(self, job_id: str) -> Sequence[Answering]:
        lines = await _told(cast("Awaitable[Any]", self._client.lrange(_key(job_id, "answers"), 0, -1)))
        return [Answering(*line.decode().split(" ", 1)) for line in lines]

    async def cancel(self, job_id: str) -> None:
        await _told(self._client.set(_key(job_id, "cancelled"), "1", ex=_KEPT))

    async def end(self, job: Job, run_id: str) -> bool:
        return bool(await self._run(self._end, job, run_id))

    async def keep(self, job: Job) -> None:
        await _told(self._client.set(_key(job.job_id), _JOB.dump_json(job), ex=_KEPT))

    async def _run(self, script: Any, job: Job, run_id: str) -> Any:
        keys = [_key(job.job_id), _key(job.job_id, "lease"), _key(job.job_id, "cancelled")]
        return await _told(script(keys=keys, args=[run_id, self._lease_ms, _JOB.dump_json(job), _KEPT]))


def _as_it_is(job: Job, *, leased: bool) -> Job:
    dead = job.state is JobState.RUNNING and not leased
    return replace(job, state=JobState.INTERRUPTED) if dead else job


def _key(job_id: str, what: str = "job") -> str:
    return f"{_PREFIX}{job_id}:{what}"


async def _told(work: Awaitable[Any]) -> Any:
    """Raises SystemicError where Redis does not answer."""
    try:
        return await work
    except RedisError as error:
        raise SystemicError(f"Redis: {error}") from error
