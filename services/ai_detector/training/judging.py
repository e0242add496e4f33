"""Scores of rows by models that saw neither their generator, nor their source, nor its repository."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from services.ai_detector.training.rows import Array, Rows

Indices = NDArray[np.intp]

Fit = Callable[[Rows], Callable[[Array], Array]]
"""From rows to what scores a table."""


def folds(rows: Rows) -> list[tuple[Indices, Indices]]:
    """(train, test) indices: one fold per generator, and the human sources dealt out over the folds.

    What is held out of one repository takes the rest of that repository out of training as well. Rows of
    our own decoders are never tested; those made of a held-out human source are not trained on.
    """
    judged = ~rows.made
    generators = sorted(set(rows.family[rows.generated & judged]))
    human = sorted(set(rows.source[~rows.generated]), key=lambda s: (-np.sum(rows.source == s), s))
    out = []
    for i, generator in enumerate(generators):
        sources = human[i :: len(generators)]
        test = judged & (
            (rows.generated & (rows.family == generator)) | (~rows.generated & np.isin(rows.source, sources))
        )
        train = ~test & ~np.isin(rows.source, sorted(set(rows.source[test])))
        out.append((np.flatnonzero(train), np.flatnonzero(test)))
    return out


def held_out_scores(rows: Rows, fit: Fit) -> Array:
    """Score of each row by a model that never saw its like; NaN for rows of our own decoders."""
    scores = np.full(rows.generated.size, np.nan)
    for train, test in folds(rows):
        scores[test] = fit(rows.only(train))(rows.table[test])
    return scores
