"""The readout as it is fitted and judged: never on a family or source that it was fitted on."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.ai_detector.training import views
from services.ai_detector.training.solver import solve

_RIDGE = 0.003
_BOUNDS = (10.0, 90.0)
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Fitted:
    """Linear readout on clipped, standardised columns."""

    low: Array
    high: Array
    centre: Array
    scale: Array
    weights: Array
    intercept: float

    def scores(self, table: Array) -> Array:
        """Log-odds of rows."""
        return (
            np.clip(table, self.low, self.high) - self.centre
        ) / self.scale @ self.weights + self.intercept


def balance(rows: list[views.View]) -> Array:
    """Row weights: both classes alike, inside each every family alike, inside each every recording alike."""
    families = {(r.generated, r.family) for r in rows}
    per_class = {c: sum(1 for g, _ in families if g == c) for c in (False, True)}
    per_family: dict[tuple[bool, str], int] = {}
    for r in rows:
        per_family[r.generated, r.family] = per_family.get((r.generated, r.family), 0) + 1
    return np.array(
        [len(rows) / 2 / per_class[r.generated] / per_family[r.generated, r.family] for r in rows]
    )


def fit(table: Array, generated: NDArray[np.bool_], weight: Array, signs: Array) -> Fitted:
    """Weighted ridge logistic regression with the signs given (0: free)."""
    low, high = np.percentile(table, _BOUNDS, axis=0)
    clipped = np.clip(table, low, high)
    centre, scale = clipped.mean(axis=0), clipped.std(axis=0) + 1e-9
    standard = (clipped - centre) / scale
    weights, intercept = solve(standard, generated.astype(np.float64), weight, signs, _RIDGE)
    return Fitted(low, high, centre, scale, weights, intercept)


def folds(rows: list[views.View]) -> list[tuple[Array, Array]]:
    """(train, test) indices: each family is held out once, with every row of its repository."""
    out = []
    for family in sorted({(r.generated, r.family) for r in rows}):
        test = [i for i, r in enumerate(rows) if (r.generated, r.family) == family]
        if family[1] == "decoder bank":
            continue
        sources = {rows[i].recording.source for i in test}
        train = [
            i
            for i, r in enumerate(rows)
            if (r.generated, r.family) != family and r.recording.source not in sources
        ]
        out.append((np.array(train), np.array(test)))
    return out


def held_out_scores(rows: list[views.View], table: Array, signs: Array) -> Array:
    """Score of each row by a model that never saw its family or source; NaN for the decoder bank."""
    generated = np.array([r.generated for r in rows])
    scores = np.full(len(rows), np.nan)
    for train, test in folds(rows):
        weight = balance([rows[i] for i in train])
        scores[test] = fit(table[train], generated[train], weight, signs).scores(table[test])
    return scores
