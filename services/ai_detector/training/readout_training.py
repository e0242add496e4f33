"""From rows to a readout: fit, calibrate, set the thresholds on held-out scores of human music."""

from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from services.ai_detector.features import MEASUREMENT
from services.ai_detector.readout import Condition, Readout
from services.ai_detector.training import boosting, judging
from services.ai_detector.training.rows import Rows
from services.ai_detector.training.views import View

LIKELY_HUMAN_SHARE = 0.01
"""Of human music, cut and delivered in every way, this share may be called likely generated."""
INCONCLUSIVE_HUMAN_SHARE = 0.05
FROM_SECONDS = (0.0, 12.0, 25.0)
"""Where thresholds change: with less audio, chance reaches farther."""
FROM_HZ = (0.0, 14_500.0)
"""A band below the second is a poor delivery: low-rate codecs and resamplers end there."""
_TAIL = 0.05
Array = NDArray[np.float64]


def held_out(rows: list[View]) -> Array:
    """Held-out score of each row, NaN for those never judged."""
    return judging.held_out_scores(boosting.tabled(rows, boosting.chosen()), _trees)


def _trees(rows: Rows) -> judging.Callable[[Array], Array]:
    model = boosting.fitted(rows)
    return lambda table: boosting.scored(model, table)


def trained(rows: list[View], scores: Array) -> Readout:
    """The readout fitted on all rows; thresholds and calibration come from held-out scores, undisguised."""
    table = boosting.tabled(rows, boosting.chosen())
    judged = np.isfinite(scores) & np.array([not row.disguised for row in rows])
    slope, offset = calibrate(
        scores[judged], table.generated[judged], boosting.family_weight(table.only(np.flatnonzero(judged)))
    )
    human = [(row, float(scores[i])) for i, row in enumerate(rows) if judged[i] and not row.generated]
    return Readout(
        version=f"ears-{MEASUREMENT}.{datetime.now(UTC):%Y%m%d.%H%M}",
        measurement=MEASUREMENT,
        trees=boosting.exported(boosting.fitted(table), table.names),
        slope=slope,
        offset=offset,
        conditions=tuple(
            _condition(human, (wide, wider), (start, stop))
            for wide, wider in pairwise((*FROM_HZ, np.inf))
            for start, stop in pairwise((*FROM_SECONDS, np.inf))
        ),
    )


def calibrate(scores: Array, generated: NDArray[np.bool_], weight: Array) -> tuple[float, float]:
    """Platt's slope and offset at equal priors."""
    model = LogisticRegression(C=100.0)
    model.fit(scores[:, None], generated, sample_weight=weight)
    return max(float(model.coef_[0, 0]), 1e-3), float(model.intercept_[0])


def _condition(
    human: list[tuple[View, float]], hertz: tuple[float, float], seconds: tuple[float, float]
) -> Condition:
    inside = [
        (row, score)
        for row, score in human
        if hertz[0] <= row.nuisance[0] < hertz[1] and seconds[0] <= row.seconds < seconds[1]
    ]
    inside.sort(key=lambda each: each[1])
    scores = np.array([score for _, score in inside])
    rows_of = Counter(row.recording.path for row, _ in inside)
    weight = np.array([1 / rows_of[row.recording.path] for row, _ in inside])  # recordings count alike
    likely = max(beyond(scores, weight, LIKELY_HUMAN_SHARE), quantile(scores, weight, 1 - LIKELY_HUMAN_SHARE))
    inconclusive = quantile(scores, weight, 1 - INCONCLUSIVE_HUMAN_SHARE)
    return Condition(
        from_seconds=seconds[0],
        from_hz=hertz[0],
        likely=likely,
        inconclusive=inconclusive,
        human_recordings=len(rows_of),
        human_likely=len({row.recording.path for row, score in inside if score >= likely}),
        human_inconclusive=len({row.recording.path for row, score in inside if score >= inconclusive}),
        human_scores=tuple(scores.round(4)),
    )


def quantile(scores: Array, weight: Array, share: float) -> float:
    """The smallest of ascending scores that leaves no more than 1 - share of the weight above it."""
    return float(np.nextafter(scores[np.searchsorted(np.cumsum(weight), share * weight.sum())], np.inf))


def beyond(scores: Array, weight: Array, share: float) -> float:
    """The score that this share would pass if the tail above the 95 % quantile is exponential.

    Peaks over threshold with shape 0 (Pickands 1975): the largest of a few hundred scores would leave the
    threshold to luck.
    """
    start = quantile(scores, weight, 1 - _TAIL)
    excess = np.maximum(scores - start, 0.0)
    mean = float(np.average(excess[excess > 0], weights=weight[excess > 0]))
    return start + mean * float(np.log(_TAIL / share))
