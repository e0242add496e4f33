"""Searches find what the reference finds, however many words begin alike and however the pages are cut."""

import random
from datetime import timedelta

import pytest
from redis.asyncio import Redis

from services.moderation.adapters.redis_queue import RedisQueue
from services.moderation.domain.cases import summarise
from services.moderation.domain.looking import Cursor, Filter
from services.moderation.domain.queue import ReviewQueue
from shared.clock import SetClock
from tests.support.events import an_upload
from tests.support.stack import Endpoints
from tests.unit.moderation.desk_fakes import NOW, a_decision
from tests.unit.moderation.memory_queue import MemoryQueue

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(120)]
SEARCHES = (
    "k",
    "ka",
    "ka no",
    "kano1",
    "no ka so",
    "so",
    "q",
    "00000000-0000",
    "00000000-0000-0000-0000-0000000000",
)


async def found(queue: ReviewQueue, text: str, limit: int) -> list[str]:
    """All pages of a search, by their cursors."""
    ids: list[str] = []
    after: Cursor | None = None
    while True:
        page = await queue.page("ada", Filter(text=text), limit=limit, after=after)
        ids += [case.case_id for case in page.cases]
        if page.after is None:
            return ids
        after = page.after


async def test_wide_prefixes_find_every_case_once_and_in_order(endpoints: Endpoints) -> None:
    clock = SetClock(NOW)
    reference = MemoryQueue(clock)
    chance = random.Random(7)  # noqa: S311 - repeatable, no secret
    async with Redis.from_url(endpoints.redis_url) as client:
        queue = RedisQueue(
            client, clock, lease=timedelta(minutes=15), skip=timedelta(hours=1), prefix="search-test:"
        )
        summaries = []
        for number in range(1, 401):
            upload = an_upload(number)
            words = " ".join(
                f"{chance.choice(('ka', 'kano', 'no', 'so'))}{chance.randint(1, 150)}" for _ in range(3)
            )
            declaration = upload.declaration.model_copy(update={"title": words})
            decision = a_decision(number, priority=chance.randint(0, 3))
            summaries.append(summarise(decision, upload.model_copy(update={"declaration": declaration})))
        await queue.open_many(summaries)
        for summary in summaries:
            await reference.open(summary)
        for text in SEARCHES:
            expected = await found(reference, text, 1000)
            for limit in (7, 200):
                assert await found(queue, text, limit) == expected, (text, limit)
        await client.unlink(*[key async for key in client.scan_iter(match="search-test:*")])
