"""Shown figures as the template's words: every number as text beside its value."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.moderation.dashboards.figures import Unit
from services.moderation.dashboards.showing import (
    Dashboards,
    Shown,
    ShownPlot,
    ShownRanking,
    ShownSpread,
    ShownTile,
    Values,
)
from services.moderation.dashboards.timeline import LENGTH, Span
from services.moderation.web.rendering import words

_NOTHING = "\N{EN DASH}"
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_MANY = 10_000
_CLOCK = {Span.HOUR: "%H:%M", Span.DAY: "%H:%M", Span.MONTH: "%d %b"}


@dataclass(frozen=True)
class Cell:
    """``value`` is for the drawing, ``text`` for the reader."""

    text: str
    value: str


@dataclass(frozen=True)
class Row:
    """``moment`` is the ISO time where the head is one."""

    head: str
    cells: tuple[Cell, ...]
    moment: str = ""


@dataclass(frozen=True)
class Block:
    """A figure for the template. ``kind``: tile, lines, stack, spread or ranking.

    ``value``, ``number`` and ``alarming`` are a tile's; the table is every other kind's. ``marks`` are
    vertical lines of a spread, by name; ``notes`` say what a table cannot.
    """

    kind: str
    name: str
    title: str
    about: str
    unit: str = ""
    value: str = ""
    number: float | None = None
    alarming: bool = False
    head: str = ""
    columns: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    limit: float | None = None
    marks: tuple[tuple[str, float], ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        return not any(cell.value for row in self.rows for cell in row.cells)


@dataclass(frozen=True)
class SectionView:
    name: str
    title: str
    tiles: tuple[Block, ...]
    blocks: tuple[Block, ...]


def view_of(shown: Dashboards, currency: str) -> tuple[SectionView, ...]:
    views = []
    for section in shown.sections:
        blocks = [_block(figure, shown.span, currency) for figure in section.figures]
        views.append(
            SectionView(
                section.section.name,
                section.section.title,
                tuple(block for block in blocks if block.kind == "tile"),
                tuple(block for block in blocks if block.kind != "tile"),
            )
        )
    return tuple(views)


def source_words(shown: Dashboards) -> str:
    """Where the numbers come from and how far back they reach."""
    since = shown.known.since
    if since is None:
        return f"From {shown.known.source}."
    same_day = since.date() == shown.at.date()
    return f"From {shown.known.source}, since {since:{'%H:%M' if same_day else '%d %b %H:%M'}} UTC."


def _block(shown: Shown, span: Span, currency: str) -> Block:
    match shown:
        case ShownTile():
            figure = shown.figure
            text = value_text(shown.value, figure.unit, currency)
            return Block(
                "tile",
                figure.name,
                figure.title,
                figure.about,
                value=text,
                number=shown.value,
                alarming=shown.alarming,
                unit=figure.unit.value,
            )
        case ShownPlot():
            return _plot(shown, span)
        case ShownSpread():
            return _spread(shown)
        case ShownRanking():
            return _ranking(shown, currency)


def _plot(shown: ShownPlot, span: Span) -> Block:
    figure = shown.figure
    step = LENGTH[span] / len(shown.ends)
    rows = tuple(
        Row(
            f"{end - step:{_CLOCK[span]}}",
            _cells([values[n] for values in shown.series.values()], [figure.unit] * len(shown.series)),
            (end - step).isoformat(),
        )
        for n, end in enumerate(shown.ends)
    )
    columns = tuple(words(name) for name in shown.series)
    return Block(
        figure.shape.value,
        figure.name,
        figure.title,
        figure.about,
        unit=figure.unit.value,
        head="From (UTC)",
        columns=columns,
        rows=rows,
        limit=figure.limit,
    )


def _spread(shown: ShownSpread) -> Block:
    figure = shown.figure
    unit = Unit.COUNT if figure.counted else Unit.SHARE
    heads = [*(f"up to {edge:g}" for edge in shown.edges), "above"] if shown.edges else []
    rows = tuple(
        Row(
            head,
            _cells([values[n] for values in shown.bars.values()], [unit] * len(shown.bars)),
            f"{shown.edges[n]:g}" if n < len(shown.edges) else "",
        )
        for n, head in enumerate(heads)
    )
    notes = [
        *(f"{words(name)}: {count:.0f} tracks" for name, count in shown.counts.items() if count is not None),
        *(f"{words(name)} at {value:.3g}" for name, value in shown.marks.items()),
    ]
    return Block(
        "spread",
        figure.name,
        figure.title,
        figure.about,
        unit=unit.value,
        head="Edge",
        columns=tuple(words(name) for name in shown.bars),
        rows=rows,
        marks=tuple(shown.marks.items()),
        notes=tuple(notes),
    )


def _ranking(shown: ShownRanking, currency: str) -> Block:
    figure = shown.figure
    rows = tuple(Row(head, _cells(values, figure.units, currency)) for head, values in shown.rows)
    return Block(
        "ranking",
        figure.name,
        figure.title,
        figure.about,
        head=figure.head,
        columns=tuple(words(line.legend) for line in figure.columns),
        rows=rows,
    )


def _cells(values: Values, units: Sequence[Unit], currency: str = "") -> tuple[Cell, ...]:
    return tuple(
        Cell(value_text(value, unit, currency), "" if value is None else f"{value:.6g}")
        for value, unit in zip(values, units, strict=True)
    )


def value_text(value: float | None, unit: Unit, currency: str) -> str:
    if value is None:
        return _NOTHING
    match unit:
        case Unit.COUNT:
            whole = round(value)
            return f"{whole:,}" if whole < _MANY else f"{whole / 1000:,.1f} k"
        case Unit.SHARE:
            return f"{100 * value:.1f} %"
        case Unit.SECONDS:
            return seconds_text(value)
        case Unit.MONEY:
            return f"{value:.2f} {currency}" if value >= 1 else f"{value:.2g} {currency}"
        case Unit.NUMBER:
            return f"{value:.3g}" if value < 1000 else f"{value:,.0f}"  # noqa: PLR2004 - where three digits end


def seconds_text(value: float) -> str:
    if value < 2 * _MINUTE:
        return f"{value:.1f} s"
    if value < 2 * _HOUR:
        return f"{value / _MINUTE:.0f} min"
    return f"{value / _HOUR:.0f} h" if value < 2 * _DAY else f"{value / _DAY:.0f} d"


def moment_text(at: datetime) -> str:
    return f"{at:%H:%M:%S} UTC"
