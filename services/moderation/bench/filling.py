"""A full queue: every case through the same script that the worker uses."""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from time import perf_counter

from redis.asyncio import Redis

from services.moderation.adapters.redis_queue import RedisQueue
from services.moderation.bench.cases import Catalogue, findings, number_of
from services.moderation.domain.cases import CaseSummary
from services.moderation.domain.looking import Filter
from shared.views.redis_tracks import RedisTrackViews

_BATCH = 500
_AT_ONCE = 2


@dataclass(frozen=True)
class Filled:
    seconds: float
    redis_bytes: int


async def fill(client: Redis, queue: RedisQueue, catalogue: Catalogue, cases: int) -> Filled:
    """Opens what is not open yet and returns when the queue holds ``cases`` cases."""
    before = (await client.info("memory"))["used_memory"]
    started = perf_counter()
    held = (await queue.counts("")).open
    if held < cases:
        batches = _batches(catalogue.summaries(cases))
        async with asyncio.TaskGroup() as group:
            for _ in range(_AT_ONCE):
                group.create_task(_open(queue, batches))
    after = (await client.info("memory"))["used_memory"]
    return Filled(perf_counter() - started, after - before)


async def describe(client: Redis, queue: RedisQueue, catalogue: Catalogue, first: int) -> int:
    """Track views with upload, findings and decision for the ``first`` cases: those that will be opened."""
    views = RedisTrackViews(client)
    after, described = None, 0
    while described < first:
        page = await queue.page("", Filter(), limit=200, after=after)
        for case in page.cases:
            decision, upload = catalogue.held(number_of(decision_id=case.summary.decision_id))
            for event in (upload, *findings(upload), decision):
                await views.record(event)
        described += len(page.cases)
        if page.after is None:
            break
        after = page.after
    return described


def _batches(summaries: Iterable[CaseSummary]) -> Iterator[list[CaseSummary]]:
    rest = iter(summaries)
    while batch := list(islice(rest, _BATCH)):
        yield batch


async def _open(queue: RedisQueue, batches: Iterator[list[CaseSummary]]) -> None:
    for batch in batches:
        await queue.open_many(batch)
