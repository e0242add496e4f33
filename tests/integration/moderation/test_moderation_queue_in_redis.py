"""The queue in Redis does what the reference does, in any order of calls, on a real server."""

import asyncio
import itertools
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from redis.asyncio import Redis

from services.moderation.adapters.redis_queue import RedisQueue
from tests.support.stack import Endpoints
from tests.unit.moderation.queue_machine import LEASE, QueueMachine

T = TypeVar("T")
prefixes = (f"machine-{number}:" for number in itertools.count())


def test_behaves_like_the_reference_whatever_happens(endpoints: Endpoints) -> None:
    class RedisMachine(QueueMachine):
        def make(self) -> RedisQueue:
            self.runner = asyncio.Runner()
            self.client = Redis.from_url(endpoints.redis_url)
            return RedisQueue(
                self.client, self.clock, lease=LEASE, skip=timedelta(hours=24), prefix=next(prefixes)
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
            max_examples=100,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
