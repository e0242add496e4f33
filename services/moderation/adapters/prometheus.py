"""Figures from a Prometheus that scrapes the services, over its HTTP API."""

import asyncio
import math
from collections.abc import Sequence
from typing import Any

import httpx

from services.moderation.dashboards.expressions import Expression, Level, groups_of
from services.moderation.dashboards.numbers import Group, Known, Table
from services.moderation.dashboards.odometer import JOBS, UP
from services.moderation.dashboards.promql import promql
from services.moderation.dashboards.timeline import Timeline
from shared.errors import SystemicError

_AT_ONCE = 8
_ANSWER_SECONDS = 20.0
_SCRAPED = Level(UP, "count", where=(("job", JOBS),))


class PrometheusNumbers:
    """``url`` is the base address. Raises SystemicError when it does not answer, or refuses a query."""

    def __init__(self, http: httpx.AsyncClient, url: str) -> None:
        self._http = http
        self._url = url.rstrip("/")
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def known(self, timeline: Timeline) -> Known:
        scraped = (await self._table(_SCRAPED, timeline)).get((), ())
        first = next((n for n, value in enumerate(scraped) if value is not None), None)
        if first is None:
            raise SystemicError("Prometheus has no numbers of Trackgate's processes")
        begins = timeline.ends[first] - timeline.step
        return Known("Prometheus", begins if first else None)

    async def work_out(self, wanted: Sequence[tuple[Expression, Timeline]]) -> list[Table]:
        return list(await asyncio.gather(*(self._table(*one) for one in wanted)))

    async def _table(self, expression: Expression, timeline: Timeline) -> Table:
        """Each step's value is asked for at its end, which for the last one may lie in the future."""
        asked = {
            "query": promql(expression, timeline.step),
            "start": f"{timeline.ends[0].timestamp():.3f}",
            "end": f"{timeline.ends[-1].timestamp():.3f}",
            "step": f"{timeline.step.total_seconds():.3f}",
        }
        place = {round(end.timestamp(), 3): n for n, end in enumerate(timeline.ends)}
        found: dict[Group, list[float | None]] = {}
        for series in await self._ask(asked):
            group = tuple(series["metric"].get(label, "") for label in groups_of(expression))
            row = found.setdefault(group, [None] * len(place))
            for at, text in series["values"]:
                value = float(text)
                if math.isfinite(value):
                    row[place[round(float(at), 3)]] = value
        return found

    async def _ask(self, asked: dict[str, str]) -> list[dict[str, Any]]:
        try:
            async with self._turns:
                answer = await self._http.post(
                    f"{self._url}/api/v1/query_range", data=asked, timeout=_ANSWER_SECONDS
                )
            body = answer.json()
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise SystemicError(f"Prometheus: {str(error) or type(error).__name__}") from error
        if not answer.is_success:
            raise SystemicError(f"Prometheus: {body.get('error', answer.status_code)}")
        result: list[dict[str, Any]] = body["data"]["result"]
        return result
