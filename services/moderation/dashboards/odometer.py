"""Counters of processes that come and go, as totals that only grow. Pure.

A counter begins again at 0 with its process. Here each growth is added to a total over all processes, so that
differences of totals are what happened, over any time and however sparsely the totals are kept.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from services.moderation.dashboards.expressions import Expression, Fold, Grown, leaves

Key = tuple[str, tuple[tuple[str, str], ...]]
"""A sample's name and its labels, sorted."""
UP = "up"
JOB = "trackgate"
JOBS = (JOB, "trackgate-workers", "trackgate-http")
"""The label ``job`` of our processes: the console's own name for them, and those in deploy/prometheus."""


@dataclass(frozen=True)
class Wanted:
    """Names of the samples that the figures read: counters, and gauges with how they are put together."""

    counters: frozenset[str]
    gauges: Mapping[str, Fold]


def wanted_of(expressions: Sequence[Expression]) -> Wanted:
    read = [leaf for expression in expressions for leaf in leaves(expression)]
    return Wanted(
        frozenset(leaf.metric for leaf in read if isinstance(leaf, Grown)),
        {leaf.metric: leaf.fold for leaf in read if not isinstance(leaf, Grown) and leaf.metric != UP},
    )


@dataclass(frozen=True)
class Sight:
    """One process as it was seen. ``started`` is when it started (seconds since 1970), if it says so."""

    instance: str
    started: float | None
    samples: Mapping[Key, float]


@dataclass(frozen=True)
class Absent:
    """A process that did not answer."""

    instance: str


@dataclass
class Odometer:
    """``began``: when counting began (seconds since 1970). What happened before is in no total.

    ``read`` are the counters that the last look read: one that is new among them starts at its value.
    """

    began: float
    read: frozenset[str] = frozenset()
    totals: dict[Key, float] = field(default_factory=dict)
    seen: dict[str, Sight] = field(default_factory=dict)

    def look(self, sights: Sequence[Sight | Absent], wanted: Wanted) -> dict[Key, float]:
        """Adds what was counted since the last look; returns totals and gauges as they are now."""
        gauges: dict[Key, float] = {}
        for sight in sights:
            gauges[(UP, (("instance", sight.instance), ("job", JOB)))] = float(isinstance(sight, Sight))
            if isinstance(sight, Sight):
                self._count(sight, wanted)
        present = [sight for sight in sights if isinstance(sight, Sight)]
        for key, values in _by_key(present, wanted.gauges).items():
            gauges[key] = max(values) if wanted.gauges[key[0]] == "max" else sum(values)
        self.read = wanted.counters
        return {**self.totals, **gauges}

    def _count(self, sight: Sight, wanted: Wanted) -> None:
        before = self.seen.get(sight.instance)
        restarted = before is not None and sight.started != before.started
        new_here = before is None and (sight.started or 0.0) < self.began
        for key, value in sight.samples.items():
            if key[0] not in wanted.counters:
                continue
            self.totals.setdefault(key, 0.0)
            if before is None or restarted:
                self.totals[key] += 0.0 if new_here else value
            elif key[0] in self.read:
                last = before.samples.get(key, 0.0)
                self.totals[key] += value - last if value >= last else value
        self.seen[sight.instance] = sight


def _by_key(sights: Sequence[Sight], gauges: Mapping[str, Fold]) -> dict[Key, list[float]]:
    found: defaultdict[Key, list[float]] = defaultdict(list)
    for sight in sights:
        for key, value in sight.samples.items():
            if key[0] in gauges:
                found[key].append(value)
    return dict(found)
