"""The record of the dashboards in the real Redis."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from redis.asyncio import Redis

from services.moderation.adapters.figure_record import TIERS, FigureRecord
from services.moderation.dashboards.odometer import Odometer, Sight
from services.moderation.dashboards.reckoning import Entry
from services.moderation.dashboards.timeline import Span
from shared.errors import SystemicError
from tests.support.stack import Endpoints
from tests.unit.dashboards.figure_fakes import NOON, key

pytestmark = pytest.mark.timeout(120)
BEGAN = NOON.timestamp()
TRACKS, DEPTH = key("tracks", outcome="publish"), key("depth")


@pytest.fixture
async def client(endpoints: Endpoints) -> AsyncIterator[Redis]:
    async with Redis.from_url(endpoints.redis_url) as connected:
        yield connected


@pytest.fixture
def record(client: Redis, request: pytest.FixtureRequest) -> FigureRecord:
    return FigureRecord(client, prefix=f"trackgate:{request.node.name}:")


def an_odometer(total: float) -> Odometer:
    seen = Sight("policy", 17.5, {TRACKS: 900 + total})
    return Odometer(BEGAN, frozenset({"tracks"}), {TRACKS: total}, {"policy": seen})


async def test_what_was_put_is_read_again_by_another_process(record: FigureRecord):
    assert await record.entries(Span.HOUR) == []
    assert await record.odometer(BEGAN) == Odometer(began=BEGAN)

    await record.put(an_odometer(3), Entry(BEGAN + 15, {TRACKS: 3.0}))
    await record.put(an_odometer(4), Entry(BEGAN + 30, {TRACKS: 4.0, DEPTH: 2.0}))

    assert await record.odometer(BEGAN + 99) == an_odometer(4)
    beginning, first, second = await record.entries(Span.HOUR)
    assert beginning == Entry(BEGAN, {})
    assert first == Entry(BEGAN + 15, {TRACKS: 3.0})
    assert second == Entry(BEGAN + 30, {TRACKS: 4.0, DEPTH: 2.0})


async def test_longer_spans_keep_the_last_numbers_before_each_mark_and_all_that_is_newer(
    record: FigureRecord,
):
    every, count = 70, 300  # seconds: no entry falls on an hour
    for number in range(1, count):
        await record.put(an_odometer(number), Entry(BEGAN + every * number, {TRACKS: float(number)}))

    month = [entry.at - BEGAN for entry in await record.entries(Span.MONTH)]
    hours = [every * (hour * 3600 // every) for hour in range(1, 6)]
    assert month[0] == 0
    assert [at for at in month if at in hours] == hours
    assert month == sorted(set(month))
    assert month[-1] == every * (count - 1)
    marks = {entry.at - BEGAN: entry.values[TRACKS] for entry in (await record.entries(Span.DAY))[1:]}
    assert (marks[280.0], marks[560.0]) == (4.0, 8.0)
    assert not {350.0, 420.0, 490.0} & set(marks)


async def test_each_tier_is_bounded(record: FigureRecord, client: Redis, request: pytest.FixtureRequest):
    fine = TIERS[Span.HOUR]
    most = fine.keeps // fine.every
    for number in range(most + 20):
        await record.put(an_odometer(number), Entry(BEGAN + number, {TRACKS: float(number)}))
    assert await client.llen(f"trackgate:{request.node.name}:fine") == most


async def test_one_process_has_the_turn_until_it_is_silent(record: FigureRecord, client: Redis):
    assert await record.take_turn("first", 60)
    assert not await record.take_turn("second", 60)
    assert await record.take_turn("first", 0.05)
    while not await record.take_turn("second", 60):
        await client.ping()
    assert not await record.take_turn("first", 60)


async def test_redis_away_is_an_outage():
    async with Redis.from_url("redis://127.0.0.1:1/0", socket_connect_timeout=1) as away:
        record = FigureRecord(away)
        for asked in (
            record.take_turn("me", 1),
            record.odometer(BEGAN),
            record.entries(Span.DAY),
            record.put(an_odometer(1), Entry(BEGAN, {TRACKS: 1.0})),
        ):
            with pytest.raises(SystemicError):
                await asked


def test_a_month_is_kept_in_less_than_a_thousand_rows_of_the_coarse_tier():
    coarse = TIERS[Span.MONTH]
    assert coarse.keeps >= timedelta(days=30).total_seconds()
    assert coarse.keeps // coarse.every < 1000
