"""Keeping the record of the services' own numbers, and reading figures from it."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Protocol

import structlog

from services.moderation.dashboards.expressions import Expression
from services.moderation.dashboards.numbers import Known, Table
from services.moderation.dashboards.odometer import Absent, Odometer, Sight, Wanted
from services.moderation.dashboards.reckoning import Entry, Reckoning
from services.moderation.dashboards.timeline import LENGTH, Span, Timeline
from shared.clock import Clock
from shared.errors import SystemicError

log = structlog.get_logger()


class Record(Protocol):
    """Each raises SystemicError when what keeps the record does not answer."""

    async def take_turn(self, who: str, seconds: float) -> bool: ...

    async def odometer(self, now: float) -> Odometer: ...

    async def put(self, odometer: Odometer, entry: Entry) -> None: ...

    async def entries(self, span: Span) -> list[Entry]: ...


class Looking(Protocol):
    async def look(self, wanted: Wanted) -> tuple[Sight | Absent, ...]: ...


class Keeper:
    """Looks at all services every so often and keeps what it saw; of several processes one does it."""

    def __init__(
        self, record: Record, services: Looking, wanted: Wanted, clock: Clock, *, who: str, every: float
    ) -> None:
        self._record = record
        self._services = services
        self._wanted = wanted
        self._clock = clock
        self._who = who
        self._every = every

    async def keep_looking(self) -> None:
        """Until cancelled. What keeps the record being away leaves a gap, in which totals go on."""
        while True:
            try:
                await self.look()
            except SystemicError as error:
                log.warning("the services were not looked at", error=str(error))
            await asyncio.sleep(self._every)

    async def look(self) -> None:
        if not await self._record.take_turn(self._who, 2.5 * self._every):
            return
        odometer = await self._record.odometer(self._clock.now().timestamp())
        sights = await self._services.look(self._wanted)
        now = self._clock.now().timestamp()
        await self._record.put(odometer, Entry(now, odometer.look(sights, self._wanted)))


class RecordedNumbers:
    """Figures from the record. Each of a page's questions reads it once."""

    def __init__(self, record: Record) -> None:
        self._record = record

    async def known(self, timeline: Timeline) -> Known:
        entries = await self._record.entries(_span_of(timeline))
        if len(entries) <= 1:
            raise SystemicError("the services have not been looked at yet: wait a moment")
        began = datetime.fromtimestamp(entries[0].at, UTC)
        return Known("the services' own numbers", began if began > timeline.begins else None)

    async def work_out(self, wanted: Sequence[tuple[Expression, Timeline]]) -> list[Table]:
        spans = {_span_of(timeline) for _, timeline in wanted}
        reckonings = {span: Reckoning(await self._record.entries(span)) for span in spans}
        return await asyncio.to_thread(
            lambda: [reckonings[_span_of(timeline)].work_out(what, timeline) for what, timeline in wanted]
        )


def _span_of(timeline: Timeline) -> Span:
    """The shortest span that holds it."""
    length = timeline.ends[-1] - timeline.begins
    return next((span for span in Span if length <= LENGTH[span]), Span.MONTH)
