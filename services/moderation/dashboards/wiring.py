"""The dashboards' parts, put together."""

import asyncio
import contextlib
import logging
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import httpx
import structlog
from redis.asyncio import Redis

from services.moderation.adapters.figure_record import FigureRecord
from services.moderation.adapters.prometheus import PrometheusNumbers
from services.moderation.adapters.scraping import Scraper
from services.moderation.dashboards.figures import expressions
from services.moderation.dashboards.numbers import Numbers
from services.moderation.dashboards.odometer import wanted_of
from services.moderation.dashboards.recorded import Keeper, RecordedNumbers
from services.moderation.dashboards.sections import sections
from services.moderation.dashboards.settings import DashboardSettings
from services.moderation.dashboards.showing import Board
from services.moderation.web.dashboards import DashboardParts
from shared.clock import Clock

log = structlog.get_logger()
_FRESH_SHARE = 0.9
"""Of the time between two looks: an open page that asks once for each look gets each look's numbers."""


class Figures:
    """``keeping`` looks at the services while its block runs, also when Prometheus is asked first."""

    def __init__(
        self, settings: DashboardSettings, redis: Redis, http: httpx.AsyncClient, clock: Clock
    ) -> None:
        shown = sections(settings.price)
        record = FigureRecord(redis)
        every = settings.moderation_figures_seconds
        sources: list[Numbers] = [RecordedNumbers(record)]
        if settings.prometheus_url is not None:
            sources.insert(0, PrometheusNumbers(http, str(settings.prometheus_url)))
        board = Board(shown, sources, clock, fresh=timedelta(seconds=_FRESH_SHARE * every))
        self._keeper = Keeper(
            record,
            Scraper(http, settings.service_addresses),
            wanted_of(expressions(shown)),
            clock,
            who=str(uuid.uuid4()),
            every=every,
        )
        self.parts = DashboardParts(board, settings.price, every)

    @asynccontextmanager
    async def keeping(self) -> AsyncIterator[None]:
        logging.getLogger("httpx").setLevel(logging.WARNING)  # it tells of every request that went well
        task = asyncio.create_task(self._keeper.keep_looking())
        task.add_done_callback(_told)
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


def _told(task: asyncio.Task[None]) -> None:
    """A fault of ours ends the looking: the log says so at once, the page by numbers that stand still."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("nobody looks at the services any more", exc_info=error)
