"""Boosted decision trees as plain arrays: a few comparisons a tree, so serving needs no learning library."""

from itertools import pairwise
from typing import Annotated, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

Doubles = NDArray[np.float64]
Nodes = NDArray[np.intp]


class Trees(BaseModel):
    """All nodes of all trees, laid end to end; `roots` are the indices at which the trees begin.

    A node with `left` = -1 is a leaf. Others send a value at most `threshold` to `left`, a greater one to
    `right` and NaN to `left` where `missing_left`. `value` of a leaf is what it adds to the score; of an
    inner node, the mean over the training rows that pass it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    columns: Annotated[tuple[str, ...], Field(min_length=1)]
    base: float
    roots: Annotated[tuple[int, ...], Field(min_length=1)]
    feature: tuple[int, ...]
    threshold: tuple[float, ...]
    missing_left: tuple[bool, ...]
    left: tuple[int, ...]
    right: tuple[int, ...]
    value: tuple[float, ...]

    @model_validator(mode="after")
    def _sound(self) -> Self:
        count = len(self.value)
        parts = (self.feature, self.threshold, self.missing_left, self.left, self.right)
        if any(len(part) != count for part in parts):
            raise ValueError("every node needs a feature, a threshold, two children and a value")
        if any(not 0 <= f < len(self.columns) for f in self.feature):
            raise ValueError("a node asks for a column that is not there")
        if any(not 0 <= root < count for root in self.roots):
            raise ValueError("a tree begins outside the nodes")
        children = zip(range(count), self.left, self.right, strict=True)
        if any(
            low != -1 and not (node < low < count and node < high < count) for node, low, high in children
        ):
            raise ValueError("children must come after their parent")
        return self


class Forest:
    """`Trees` ready to be walked."""

    def __init__(self, trees: Trees) -> None:
        self.columns = trees.columns
        self._base = trees.base
        self._roots = np.array(trees.roots, dtype=np.intp)
        self._feature = np.array(trees.feature, dtype=np.intp)
        self._threshold = np.array(trees.threshold, dtype=np.float64)
        self._missing_left = np.array(trees.missing_left, dtype=np.bool_)
        self._left = np.array(trees.left, dtype=np.intp)
        self._right = np.array(trees.right, dtype=np.intp)
        self._value = np.array(trees.value, dtype=np.float64)

    def score(self, row: Doubles) -> float:
        """Sum over all trees; `row` has the values of `columns`, NaN where there is none."""
        return float(self._base + self._value[self._paths(row)[-1]].sum())

    @property
    def expected(self) -> float:
        """The mean score over the training rows."""
        return float(self._base + self._value[self._roots].sum())

    def contributions(self, row: Doubles) -> Doubles:
        """What each column adds to the score on this row's way down the trees (Saabas 2014).

        With `expected` they sum to the score.
        """
        paths = self._paths(row)
        out = np.zeros(len(self.columns))
        for above, below in pairwise(paths):
            np.add.at(out, self._feature[above], self._value[below] - self._value[above])
        return out

    def _paths(self, row: Doubles) -> list[Nodes]:
        """Per level the node of each tree; leaves stay where they are."""
        here = self._roots
        paths = [here]
        while (self._left[here] >= 0).any():
            values = row[self._feature[here]]
            to_left = np.where(np.isnan(values), self._missing_left[here], values <= self._threshold[here])
            below = np.where(to_left, self._left[here], self._right[here])
            here = np.where(self._left[here] >= 0, below, here)
            paths.append(here)
        return paths
