"""Every figure of the dashboards page, from Prometheus and the console's own record: the same."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import pytest_asyncio

from services.moderation.adapters.prometheus import PrometheusNumbers
from services.moderation.adapters.scraping import Scraper
from services.moderation.dashboards.expressions import leaves
from services.moderation.dashboards.figures import expressions
from services.moderation.dashboards.numbers import Table
from services.moderation.dashboards.odometer import wanted_of
from services.moderation.dashboards.prices import Price
from services.moderation.dashboards.recorded import Keeper, RecordedNumbers
from services.moderation.dashboards.sections import sections
from services.moderation.dashboards.timeline import Timeline
from shared.clock import SystemClock
from shared.errors import SystemicError
from tests.integration.metrics.counting_service import counting
from tests.integration.metrics.prometheus import INSTALLED, prometheus
from tests.unit.dashboards.figure_fakes import MemoryRecord

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(180),
    pytest.mark.skipif(
        not INSTALLED,
        reason="NO FIGURE IS COMPARED WITH PROMETHEUS: it is not installed (Debian's package `prometheus`)",
    ),
]
SECTIONS = sections(Price(0.04, "USD"))
EXPRESSIONS = expressions(SECTIONS)
STEP = timedelta(seconds=8)
ONE_SCRAPE_OF_EIGHT = 0.3
"""How far two sources may be apart that look at other moments, and of which one extrapolates."""


@dataclass
class Both:
    prometheus: list[Table]
    recorded: list[Table]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def both(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Both]:
    """After three steps of even counting, with the service started again within the first."""
    home = tmp_path_factory.mktemp("figures") / "prometheus"
    every_leaf = tuple(sorted({leaf for one in EXPRESSIONS for leaf in leaves(one)}, key=str))
    clock, record = SystemClock(), MemoryRecord()
    with counting(every_leaf) as service, prometheus(home, {"trackgate-http": [service.address]}) as scraping:
        async with httpx.AsyncClient() as http:
            scraper = Scraper(http, {service.address: f"http://{service.address}"})
            keeper = Keeper(record, scraper, wanted_of(EXPRESSIONS), clock, who="me", every=0.5)
            looking = asyncio.create_task(keeper.keep_looking())
            asked = PrometheusNumbers(http, scraping.url)
            await until_scraped(asked)
            service.restart()
            ends = tuple(datetime.now(UTC) + number * STEP for number in (1.2, 2.2))
            await asyncio.sleep((ends[-1] - datetime.now(UTC)).total_seconds() + 1)
            looking.cancel()
            wanted = [(one, Timeline(ends, STEP)) for one in EXPRESSIONS]
            yield Both(await asked.work_out(wanted), await RecordedNumbers(record).work_out(wanted))


async def until_scraped(asked: PrometheusNumbers) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            await asked.known(Timeline((datetime.now(UTC),), STEP))
        except SystemicError:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.2)
        else:
            return


async def test_both_sources_give_the_same_series_with_the_same_numbers(both: Both):
    assert len(both.prometheus) == len(both.recorded) == len(EXPRESSIONS)
    apart = [
        f"{what}: {theirs} is not {ours}"
        for what, theirs, ours in zip(EXPRESSIONS, both.prometheus, both.recorded, strict=True)
        if not alike(theirs, ours)
    ]
    assert apart == []


def alike(theirs: Table, ours: Table) -> bool:
    """Both have numbers, for the same groups, in every step."""
    return (
        bool(theirs)
        and theirs.keys() == ours.keys()
        and all(
            value is not None and own == pytest.approx(value, rel=ONE_SCRAPE_OF_EIGHT)
            for group, values in theirs.items()
            for value, own in zip(values, ours[group], strict=True)
        )
    )


async def test_a_prometheus_that_is_away_or_refuses_is_an_outage(both: Both):
    assert both
    timeline = Timeline((datetime.now(UTC),), STEP)
    async with httpx.AsyncClient() as http:
        with pytest.raises(SystemicError):
            await PrometheusNumbers(http, "http://127.0.0.1:1").known(timeline)
