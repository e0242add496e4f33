"""The queue in Redis does what the reference does, in any order of calls, on a real server."""

import asyncio
import itertools
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from redis.asyncio import Redis

from services.moderation.adapters.redis_queue import RedisQueue
from services.moderation.domain.cases import summarise
from services.moderation.domain.looking import Filter
from services.moderation.domain.outcomes import Claimed, LeaseLost, NothingWaiting
from services.moderation.domain.queue import Answer
from shared.clock import SetClock
from shared.events import Outcome
from tests.support.events import an_upload
from tests.support.stack import Endpoints
from tests.unit.moderation.desk_fakes import a_decision
from tests.unit.moderation.queue_draws import LEASE, START, UNDO
from tests.unit.moderation.queue_machine import QueueMachine

T = TypeVar("T")
prefixes = (f"machine-{number}:" for number in itertools.count())


@pytest.mark.timeout(400)
def test_behaves_like_the_reference_whatever_happens(endpoints: Endpoints) -> None:
    class RedisMachine(QueueMachine):
        def make(self) -> RedisQueue:
            self.runner = asyncio.Runner()
            self.client = Redis.from_url(endpoints.redis_url)
            return RedisQueue(
                self.client,
                self.clock,
                lease=LEASE,
                skip=timedelta(hours=24),
                undo=UNDO,
                prefix=next(prefixes),
            )

        def run(self, work: Coroutine[Any, Any, T]) -> T:
            return self.runner.run(work)

        def teardown(self) -> None:
            if hasattr(self, "runner"):
                self.run(self.client.aclose())
                self.runner.close()

    run_state_machine_as_test(
        RedisMachine,
        settings=settings(
            max_examples=60,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )


async def test_a_search_finds_every_word_that_begins_so_page_by_page_in_order(endpoints: Endpoints) -> None:
    titles = ["Nightfall", "Night Drive", "Nights", "Morning", "Overnight", "Nightfall Two"]
    async with Redis.from_url(endpoints.redis_url) as client:
        queue = RedisQueue(client, SetClock(START), lease=LEASE, skip=LEASE, prefix=next(prefixes))
        for number, title in enumerate(titles * 5):
            upload = an_upload(number)
            declaration = upload.declaration.model_copy(update={"title": title})
            decision = a_decision(number, priority=number)
            await queue.open(summarise(decision, upload.model_copy(update={"declaration": declaration})))
        found: list[str] = []
        after = None
        while True:
            page = await queue.page("ada", Filter(text="night"), limit=3, after=after)
            found += [case.summary.title for case in page.cases]
            after = page.after
            if after is None:
                break
        claimed = await queue.claim_next("ada", Filter(text="night fall"))
    wanted = [title for title in reversed(titles * 5) if title.startswith("Night")]
    assert found == wanted
    assert isinstance(claimed, NothingWaiting)


@pytest.mark.parametrize("deed", ["renew", "release", "decide"])
async def test_a_lease_that_ran_out_counts_for_nothing_though_nobody_has_noticed(
    endpoints: Endpoints, deed: str
) -> None:
    async with Redis.from_url(endpoints.redis_url) as client:
        clock = SetClock(START)
        queue = RedisQueue(client, clock, lease=LEASE, skip=LEASE, prefix=next(prefixes))
        summary = summarise(a_decision(), an_upload())
        await queue.open(summary)
        claimed = await queue.claim(summary.case_id, "ada")
        assert isinstance(claimed, Claimed)
        clock.at += LEASE
        answer = Answer(summary.decision_id, Outcome.PUBLISH)
        token = claimed.claim.token
        match deed:
            case "renew":
                outcome: object = await queue.renew(summary.case_id, "ada", token)
            case "release":
                outcome = await queue.release(summary.case_id, "ada", token)
            case _:
                outcome = await queue.begin_resolution(summary.case_id, "ada", token, answer)
        assert outcome == LeaseLost(None)
        assert (await queue.counts("ada")).free == 1
