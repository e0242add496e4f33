"""What a figure is made of: a few operations on metrics, the same for every source of numbers.

``promql`` writes an expression for Prometheus and ``reckoning`` works it out from the record that the console
keeps itself; a test holds the two against each other.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Where = tuple[tuple[str, tuple[str, ...]], ...]
"""Labels with the values that are let through."""
Fold = Literal["sum", "max", "count"]


@dataclass(frozen=True)
class Grown:
    """By how much a counter grew in each step, over all processes. ``metric`` as a sample is called."""

    metric: str
    by: tuple[str, ...] = ()
    where: Where = ()


@dataclass(frozen=True)
class Level:
    """The last value of a gauge in each step, over all processes: ``max`` where each tells the same thing."""

    metric: str
    fold: Fold = "sum"
    by: tuple[str, ...] = ()
    where: Where = ()


@dataclass(frozen=True)
class Quantile:
    """Of a histogram's observations in each step; ``metric`` without ``_bucket``."""

    share: float
    metric: str
    by: tuple[str, ...] = ()
    where: Where = ()

    @property
    def buckets(self) -> Grown:
        return Grown(f"{self.metric}_bucket", (*self.by, "le"), self.where)


@dataclass(frozen=True)
class Scaled:
    factor: float
    of: "Expression"


@dataclass(frozen=True)
class Added:
    """Of expressions without groups. One that has no value counts as nothing."""

    parts: tuple["Expression", ...]


@dataclass(frozen=True)
class Share:
    """``part`` over ``whole``, group by group, or over the one ``whole`` of all. No value where that is 0.

    A group of ``whole`` that ``part`` lacks has no value.
    """

    part: "Expression"
    whole: "Expression"


Expression = Grown | Level | Quantile | Scaled | Added | Share


def groups_of(expression: Expression) -> tuple[str, ...]:
    """The labels that tell its series apart."""
    match expression:
        case Grown() | Level() | Quantile():
            return expression.by
        case Scaled():
            return groups_of(expression.of)
        case Added():
            return ()
        case Share():
            return groups_of(expression.part)


def leaves(expression: Expression) -> Iterator[Grown | Level]:
    """The metrics that it reads."""
    match expression:
        case Grown() | Level():
            yield expression
        case Quantile():
            yield expression.buckets
        case Scaled():
            yield from leaves(expression.of)
        case Added():
            for part in expression.parts:
                yield from leaves(part)
        case Share():
            yield from leaves(expression.part)
            yield from leaves(expression.whole)
