"""What the services say of themselves on their /metrics."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping

import httpx
from prometheus_client.parser import text_string_to_metric_families

from services.moderation.dashboards.odometer import JOB, Absent, Key, Sight, Wanted

STARTED = "process_start_time_seconds"
_LARGEST = 8 << 20


class Scraper:
    """``services`` are base addresses by the name of the process."""

    def __init__(self, http: httpx.AsyncClient, services: Mapping[str, str]) -> None:
        self._http = http
        self._services = services

    async def look(self, wanted: Wanted) -> tuple[Sight | Absent, ...]:
        """All processes at the same time, each for as long as the client's timeout."""
        names = frozenset({STARTED, *wanted.counters, *wanted.gauges})
        return tuple(await asyncio.gather(*(self._one(*item, names) for item in self._services.items())))

    async def _one(self, instance: str, address: str, names: frozenset[str]) -> Sight | Absent:
        try:
            answer = await self._http.get(f"{address}/metrics")
        except (httpx.HTTPError, httpx.InvalidURL):
            return Absent(instance)
        if not answer.is_success or len(answer.content) > _LARGEST:
            return Absent(instance)
        try:
            return await asyncio.to_thread(sight_of, instance, answer.text, names)
        except ValueError:
            return Absent(instance)


def sight_of(instance: str, text: str, names: frozenset[str]) -> Sight:
    """The samples called ``names`` of a /metrics page. Raises ValueError: it is none."""
    samples: dict[Key, float] = {}
    started = None
    for family in text_string_to_metric_families("\n".join(_lines(text.splitlines(), names))):
        for sample in family.samples:
            if sample.name == STARTED:
                started = sample.value
                continue
            labels = dict(sample.labels)
            if not sample.name.startswith("trackgate_"):
                labels["job"] = JOB
            samples[(sample.name, tuple(sorted(labels.items())))] = sample.value
    return Sight(instance, started, samples)


def _lines(lines: Iterable[str], names: frozenset[str]) -> Iterator[str]:
    """Only those that are wanted: parsing all of them would take most of the time."""
    for line in lines:
        if line.partition("{")[0].partition(" ")[0] in names:
            yield line
