"""Processes that count, a clock, and a record in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from services.moderation.dashboards.odometer import Absent, Key, Odometer, Sight, Wanted
from services.moderation.dashboards.reckoning import Entry
from services.moderation.dashboards.timeline import Span
from shared.errors import SystemicError

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def key(metric: str, **labels: str) -> Key:
    return metric, tuple(sorted(labels.items()))


@dataclass
class CountingProcess:
    """``counts`` begin at nothing whenever it starts."""

    name: str
    started: float
    counts: dict[Key, float] = field(default_factory=dict)
    up: bool = True

    def count(self, metric: str, by: float = 1, **labels: str) -> None:
        one = key(metric, **labels)
        self.counts[one] = self.counts.get(one, 0.0) + by

    def restart(self, at: float) -> None:
        self.started = at
        self.counts = {}

    @property
    def seen(self) -> Sight | Absent:
        return Sight(self.name, self.started, dict(self.counts)) if self.up else Absent(self.name)


@dataclass
class Services:
    processes: Sequence[CountingProcess]

    async def look(self, wanted: Wanted) -> tuple[Sight | Absent, ...]:
        names = {*wanted.counters, *wanted.gauges}
        return tuple(
            Sight(one.instance, one.started, {k: v for k, v in one.samples.items() if k[0] in names})
            if isinstance(one, Sight)
            else one
            for one in (process.seen for process in self.processes)
        )


@dataclass
class MemoryRecord:
    kept: list[Entry] = field(default_factory=list)
    state: Odometer | None = None
    holder: str | None = None
    away: bool = False

    async def take_turn(self, who: str, seconds: float) -> bool:  # noqa: ARG002 - the port's
        if self.away:
            raise SystemicError("Redis: away")
        self.holder = self.holder or who
        return self.holder == who

    async def odometer(self, now: float) -> Odometer:
        return self.state or Odometer(began=now)

    async def put(self, odometer: Odometer, entry: Entry) -> None:
        self.state = odometer
        self.kept = self.kept or [Entry(odometer.began, {})]
        self.kept.append(entry)

    async def entries(self, span: Span) -> list[Entry]:  # noqa: ARG002 - the port's
        if self.away:
            raise SystemicError("Redis: away")
        return list(self.kept)


def minutes(number: float) -> datetime:
    return NOON + timedelta(minutes=number)
