"""Expressions worked out from a record of totals and gauges. Pure."""

import bisect
import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from services.moderation.dashboards.expressions import (
    Added,
    Expression,
    Grown,
    Level,
    Quantile,
    Scaled,
    Share,
    Where,
    groups_of,
)
from services.moderation.dashboards.numbers import Group, Table
from services.moderation.dashboards.odometer import Key
from services.moderation.dashboards.timeline import Timeline

_LESS_THAN_A_SCRAPE = 1e-9


@dataclass(frozen=True)
class Entry:
    """What was known at a moment (seconds since 1970): totals of counters, and gauges."""

    at: float
    values: Mapping[Key, float]


class Reckoning:
    """``entries`` ascend in time. Totals are 0 where an entry lacks them, gauges have no value."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = entries
        self._times = [entry.at for entry in entries]
        self._of_metric: defaultdict[str, list[Key]] = defaultdict(list)
        for key in frozenset[Key]().union(*(entry.values for entry in entries)):
            self._of_metric[key[0]].append(key)

    def work_out(self, expression: Expression, timeline: Timeline) -> Table:
        match expression:
            case Grown():
                return self._grown(expression, timeline)
            case Level():
                return self._level(expression, timeline)
            case Quantile():
                return _quantiles(expression, self._grown(expression.buckets, timeline), len(timeline.ends))
            case Scaled(factor, of):
                return _each(self.work_out(of, timeline), lambda value: factor * value)
            case Added(parts):
                return _added([self.work_out(part, timeline) for part in parts], len(timeline.ends))
            case Share(part, whole):
                same = groups_of(part) == groups_of(whole)
                return _shares(self.work_out(part, timeline), self.work_out(whole, timeline), same=same)

    def _grown(self, wanted: Grown, timeline: Timeline) -> Table:
        keys = self._keys(wanted.metric, wanted.where, wanted.by)
        marks = [self._at_or_before(end.timestamp()) for end in (timeline.begins, *timeline.ends)]
        found: dict[Group, list[float | None]] = {}
        for group, members in keys.items():
            totals = [None if m is None else self._total(m, members) for m in marks]
            found[group] = self._differences(totals, timeline)
        return found

    def _differences(self, totals: list[float | None], timeline: Timeline) -> list[float | None]:
        """A step before the record has no value; the one in which it begins counts from its beginning."""
        first = self._times[0] if self._times else math.inf
        last = self._times[-1] if self._times else -math.inf
        grown: list[float | None] = []
        for before, after, end in zip(totals, totals[1:], timeline.ends, strict=False):
            begin = end - timeline.step
            if after is None or end.timestamp() <= first or begin.timestamp() >= last:
                grown.append(None)
                continue
            grown.append(max(0.0, after - (before or 0.0)))
        return grown

    def _level(self, wanted: Level, timeline: Timeline) -> Table:
        keys = self._keys(wanted.metric, wanted.where, wanted.by)
        return {
            group: [
                self._last(members, (end - timeline.step).timestamp(), end.timestamp(), wanted)
                for end in timeline.ends
            ]
            for group, members in keys.items()
        }

    def _last(self, members: Sequence[Key], after: float, until: float, wanted: Level) -> float | None:
        values = [value for key in members if (value := self._last_value(key, after, until)) is not None]
        if not values:
            return None
        match wanted.fold:
            case "sum":
                return sum(values)
            case "max":
                return max(values)
            case "count":
                return float(len(values))

    def _last_value(self, key: Key, after: float, until: float) -> float | None:
        number = self._at_or_before(until)
        while number is not None and number >= 0 and self._times[number] > after:
            if (value := self._entries[number].values.get(key)) is not None:
                return value
            number -= 1
        return None

    def _keys(self, metric: str, where: Where, by: tuple[str, ...]) -> dict[Group, list[Key]]:
        let_through = {label: set(values) for label, values in where}
        found: defaultdict[Group, list[Key]] = defaultdict(list)
        for key in self._of_metric[metric]:
            labels = dict(key[1])
            if all(labels.get(label, "") in values for label, values in let_through.items()):
                found[tuple(labels.get(label, "") for label in by)].append(key)
        return dict(found)

    def _total(self, number: int, members: Sequence[Key]) -> float:
        values = self._entries[number].values
        return sum(values.get(key, 0.0) for key in members)

    def _at_or_before(self, at: float) -> int | None:
        number = bisect.bisect_right(self._times, at + _LESS_THAN_A_SCRAPE) - 1
        return number if number >= 0 else None


def _each(table: Table, work: Callable[[float], float]) -> Table:
    return {
        group: [None if value is None else work(value) for value in values] for group, values in table.items()
    }


def _added(tables: Sequence[Table], steps: int) -> Table:
    rows = [table[()] for table in tables if () in table]
    if not rows:
        return {}
    columns = [[row[n] for row in rows] for n in range(steps)]
    return {
        (): [
            sum(v or 0.0 for v in column) if any(v is not None for v in column) else None
            for column in columns
        ]
    }


def _shares(parts: Table, wholes: Table, *, same: bool) -> Table:
    found: dict[Group, list[float | None]] = {}
    for group, values in parts.items():
        whole = wholes.get(group if same else ())
        if whole is not None:
            found[group] = [
                None if value is None or not over else value / over
                for value, over in zip(values, whole, strict=True)
            ]
    return found


def _quantiles(wanted: Quantile, buckets: Table, steps: int) -> Table:
    by_group: defaultdict[Group, list[tuple[float, Sequence[float | None]]]] = defaultdict(list)
    for (*group, le), values in buckets.items():
        by_group[tuple(group)].append((math.inf if le == "+Inf" else float(le), values))
    return {
        group: [
            quantile_of(wanted.share, [(edge, values[n] or 0.0) for edge, values in sorted(rows, key=_edge)])
            for n in range(steps)
        ]
        for group, rows in by_group.items()
    }


def _edge(row: tuple[float, object]) -> float:
    return row[0]


def quantile_of(share: float, buckets: Sequence[tuple[float, float]]) -> float | None:
    """As Prometheus's ``histogram_quantile``: linear within the bucket that holds the rank.

    ``buckets`` are cumulative, ascending, the last one infinite. None: nothing was observed.
    """
    if not buckets or buckets[-1][1] <= 0:
        return None
    rank = share * buckets[-1][1]
    number = next(n for n, (_, count) in enumerate(buckets) if count >= rank)
    edge, count = buckets[number]
    if math.isinf(edge):
        return buckets[number - 1][0] if number else None
    low, below = buckets[number - 1] if number else (min(edge, 0.0), 0.0)
    if number == 0 and edge <= 0:
        return edge
    return low + (edge - low) * (rank - below) / (count - below) if count > below else edge
