"""The gauges of the moderators' queue say what lies in the real Redis."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from prometheus_client import REGISTRY
from redis.asyncio import Redis

from services.moderation.adapters.queue_gauge import QueueGauge
from services.moderation.adapters.redis_queue import RedisQueue
from services.moderation.domain.cases import summarise
from services.moderation.domain.due import WITHIN_A_DAY
from services.moderation.domain.outcomes import Claimed
from shared.events import DecisionMade, Outcome, Reason
from shared.ids import deterministic_id
from tests.support.events import A_TIME, an_upload, track_id
from tests.support.stack import Endpoints

HOUR = timedelta(hours=1)


@dataclass
class SetClock:
    time: datetime

    def now(self) -> datetime:
        return self.time


def held(number: int, at: datetime) -> DecisionMade:
    return DecisionMade(
        event_id=deterministic_id("decision", str(number)),
        occurred_at=at,
        track_id=track_id(number),
        audio_sha256="ab" * 32,
        sequence=1,
        outcome=Outcome.QUARANTINE,
        reasons=(Reason(code="voice_without_consent", text="…"),),
        policy_version="test",
    )


def gauge(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(name, labels)


async def test_depth_age_and_overdue_cases_follow_the_queue(
    endpoints: Endpoints, request: pytest.FixtureRequest
):
    prefix = f"trackgate:{request.node.name}:"
    clock = SetClock(A_TIME)
    async with Redis.from_url(endpoints.redis_url) as client:
        queue = RedisQueue(client, clock, lease=HOUR, skip=HOUR, prefix=prefix)
        reading = QueueGauge(client, clock, prefix=prefix)

        await reading.read()
        assert gauge("trackgate_moderation_cases", state="open") == 0
        assert gauge("trackgate_moderation_oldest_case_seconds") == 0

        cases = [summarise(held(n, A_TIME + n * HOUR), an_upload(n)) for n in (1, 2, 3)]
        for case in cases:
            await queue.open(WITHIN_A_DAY.due(case))
        clock.time = A_TIME + 26.5 * HOUR
        assert isinstance(await queue.claim(cases[2].case_id, "ada"), Claimed)

        await reading.read()
        assert gauge("trackgate_moderation_cases", state="open") == 3
        assert gauge("trackgate_moderation_cases", state="free") == 2
        assert gauge("trackgate_moderation_oldest_case_seconds") == pytest.approx(25.5 * 3600)
        assert gauge("trackgate_moderation_overdue_cases") == 2

        await queue.close(cases[0].track_id, "a later decision", 2)
        await reading.read()
        assert gauge("trackgate_moderation_cases", state="open") == 2
        assert gauge("trackgate_moderation_oldest_case_seconds") == pytest.approx(24.5 * 3600)
        assert gauge("trackgate_moderation_overdue_cases") == 1
