"""The figures with their numbers, as the page and the API show them."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from services.moderation.dashboards.figures import Figure, Plot, Ranking, Section, Spread, Tile, lines_of
from services.moderation.dashboards.numbers import Known, Numbers, Table
from services.moderation.dashboards.timeline import Span, Timeline, steps, whole
from shared.clock import Clock
from shared.errors import SystemicError

log = structlog.get_logger()
Values = Sequence[float | None]


@dataclass(frozen=True)
class ShownTile:
    figure: Tile
    value: float | None

    @property
    def alarming(self) -> bool:
        limit = self.figure.limit
        return limit is not None and self.value is not None and self.value >= limit


@dataclass(frozen=True)
class ShownPlot:
    """``series`` by what they are called, in the order to draw them; each has a value for each end."""

    figure: Plot
    ends: tuple[datetime, ...]
    series: Mapping[str, Values]


@dataclass(frozen=True)
class ShownSpread:
    """Observations between one edge and the next; ``counts`` are how many there are in all, by line.

    ``edges`` are the upper ones; the last bar is above the last edge. ``marks`` are values on that scale.
    """

    figure: Spread
    edges: tuple[float, ...]
    bars: Mapping[str, Values]
    counts: Mapping[str, float | None]
    marks: Mapping[str, float]


@dataclass(frozen=True)
class ShownRanking:
    figure: Ranking
    rows: tuple[tuple[str, Values], ...]


Shown = ShownTile | ShownPlot | ShownSpread | ShownRanking


@dataclass(frozen=True)
class ShownSection:
    section: Section
    figures: tuple[Shown, ...]


@dataclass(frozen=True)
class Dashboards:
    span: Span
    at: datetime
    known: Known
    sections: tuple[ShownSection, ...]

    def without_sensitive(self) -> "Dashboards":
        kept = tuple(shown for shown in self.sections if not shown.section.sensitive)
        return Dashboards(self.span, self.at, self.known, kept)


class Board:
    """Works the figures out once for everybody who looks, at most every ``fresh`` seconds.

    ``sources`` are asked in order; the first that answers is shown.
    """

    def __init__(
        self, sections: tuple[Section, ...], sources: Sequence[Numbers], clock: Clock, *, fresh: timedelta
    ) -> None:
        self._sections = sections
        self._sources = sources
        self._clock = clock
        self._fresh = fresh
        self._shown: dict[Span, Dashboards] = {}
        self._turn = asyncio.Lock()

    async def show(self, span: Span) -> Dashboards:
        """Raises SystemicError: no source answers."""
        async with self._turn:
            shown = self._shown.get(span)
            if shown is None or self._clock.now() - shown.at >= self._fresh:
                shown = self._shown[span] = await self._first_that_answers(span)
            return shown

    async def _first_that_answers(self, span: Span) -> Dashboards:
        for source in self._sources[:-1]:
            try:
                return await self._from(source, span)
            except SystemicError as error:
                log.warning("figures are taken from elsewhere", error=str(error))
        return await self._from(self._sources[-1], span)

    async def _from(self, source: Numbers, span: Span) -> Dashboards:
        now = self._clock.now()
        over, at_once = steps(span, now), whole(span, now)
        known = await source.known(over)
        asked = [
            (line.of, over if isinstance(figure, Plot) else at_once)
            for section in self._sections
            for figure in section.figures
            for line in lines_of(figure)
        ]
        tables = iter(await source.work_out(asked))
        sections = tuple(
            ShownSection(
                section, tuple(_shown(figure, tables_of(figure, tables), over) for figure in section.figures)
            )
            for section in self._sections
        )
        return Dashboards(span, now, known, sections)


def tables_of(figure: Figure, tables: Iterator[Table]) -> list[Table]:
    return [next(tables) for _ in lines_of(figure)]


def _shown(figure: Figure, tables: list[Table], over: Timeline) -> Shown:
    match figure:
        case Tile():
            return ShownTile(figure, _only(tables[0]))
        case Plot():
            return ShownPlot(figure, over.ends, _series(figure, tables))
        case Spread():
            return _spread(figure, tables)
        case Ranking():
            return _ranking(figure, tables)


def _only(table: Table) -> float | None:
    values = table.get((), ())
    return values[0] if values else None


def _series(figure: Plot, tables: list[Table]) -> dict[str, Values]:
    """Groups in which nothing happened are left out, unless that leaves none."""
    found: dict[str, Values] = {}
    for line, table in zip(figure.lines, tables, strict=True):
        if line.legend:
            found[line.legend] = table.get((), ())
            continue
        lively = {group: values for group, values in table.items() if any(values)}
        for group, values in sorted((lively or table).items()):
            found[", ".join(group)] = values
    return {name: values for name, values in found.items() if values}


def _spread(figure: Spread, tables: list[Table]) -> ShownSpread:
    bars, marks = tables[: len(figure.bars)], tables[len(figure.bars) :]
    edges = tuple(sorted({float(le) for table in bars for (le,) in table if le != "+Inf"}))
    shares: dict[str, Values] = {}
    counts: dict[str, float | None] = {}
    for line, table in zip(figure.bars, bars, strict=True):
        at_most = {float(le.replace("+Inf", "inf")): values[0] for (le,), values in table.items()}
        of = at_most.get(float("inf"), 1.0)  # a gauge of shares has no last bucket: its whole is 1
        counts[line.legend] = at_most.get(float("inf"))
        ends = [at_most.get(edge) for edge in edges] + [of]
        whole = 1.0 if figure.counted else of
        shares[line.legend] = [
            None if a is None or b is None or not whole else max(0.0, b - a) / whole
            for a, b in zip([0.0, *ends], ends, strict=False)
        ]
    placed = {
        line.legend: value
        for line, table in zip(figure.marks, marks, strict=True)
        if (value := _only(table)) is not None
    }
    return ShownSpread(figure, edges, shares, counts, placed)


def _ranking(figure: Ranking, tables: list[Table]) -> ShownRanking:
    first = {group: values[0] for group, values in tables[0].items()}
    order = sorted(((v, g) for g, v in first.items() if v), key=lambda pair: (-pair[0], pair[1]))
    rows = tuple(
        (", ".join(group), [_at(table, group) for table in tables]) for _, group in order[: figure.most]
    )
    return ShownRanking(figure, rows)


def _at(table: Table, group: tuple[str, ...]) -> float | None:
    values = table.get(group, ())
    return values[0] if values else None
