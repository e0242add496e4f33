"""Kinds of figures: one number, series over time, how observations are spread, a ranking."""

from dataclasses import dataclass
from enum import StrEnum

from services.moderation.dashboards.expressions import Expression


class Unit(StrEnum):
    COUNT = "count"
    SHARE = "share"
    SECONDS = "seconds"
    MONEY = "money"
    NUMBER = "number"


@dataclass(frozen=True)
class Tile:
    """One number over the whole span. From ``limit`` on it is alarming."""

    name: str
    title: str
    about: str
    of: Expression
    unit: Unit = Unit.COUNT
    limit: float | None = None


@dataclass(frozen=True)
class Line:
    """One series, or one for each group where ``legend`` is empty."""

    legend: str
    of: Expression


class Shape(StrEnum):
    LINES = "lines"
    STACK = "stack"


@dataclass(frozen=True)
class Plot:
    """Series over time. ``limit`` is drawn as a line."""

    name: str
    title: str
    about: str
    lines: tuple[Line, ...]
    unit: Unit = Unit.COUNT
    shape: Shape = Shape.LINES
    limit: float | None = None


@dataclass(frozen=True)
class Spread:
    """How observations are spread over the edges of a histogram, one cumulative ``bars`` by ``le``.

    ``marks`` are values on the same scale (thresholds), by name. Bars are shares of all or, with
    ``counted``, how many there are.
    """

    name: str
    title: str
    about: str
    bars: tuple[Line, ...]
    marks: tuple[Line, ...] = ()
    counted: bool = False


@dataclass(frozen=True)
class Ranking:
    """Groups by value, the largest first, over the whole span. ``beside`` are further columns."""

    name: str
    title: str
    about: str
    head: str
    columns: tuple[Line, ...]
    units: tuple[Unit, ...]
    most: int = 10


Figure = Tile | Plot | Spread | Ranking


@dataclass(frozen=True)
class Section:
    """``sensitive``: names distributors, so it is not for people who work on some queues only."""

    name: str
    title: str
    figures: tuple[Figure, ...]
    sensitive: bool = False


def expressions(shown: tuple[Section, ...]) -> list[Expression]:
    """Everything that the figures read."""
    return [line.of for section in shown for figure in section.figures for line in lines_of(figure)]


def lines_of(figure: Figure) -> tuple[Line, ...]:
    match figure:
        case Tile():
            return (Line(figure.title, figure.of),)
        case Plot():
            return figure.lines
        case Spread():
            return (*figure.bars, *figure.marks)
        case Ranking():
            return figure.columns
