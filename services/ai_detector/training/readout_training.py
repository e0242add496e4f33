"""From rows to a readout: fit, calibrate, set the thresholds on held-out scores of human music."""

from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from services.ai_detector.features import MEASUREMENT, names
from services.ai_detector.readout import Condition, Readout
from services.ai_detector.training import views
from services.ai_detector.training.linear import balance, fit, held_out_scores
from services.ai_detector.training.solver import SIGNS

LIKELY_HUMAN_SHARE = 0.005
"""Of human music, cut and treated in every way but mains hum, this share may be called likely generated."""
INCONCLUSIVE_HUMAN_SHARE = 0.05
FROM_SECONDS = (0.0, 12.0, 25.0)
"""Where thresholds change: below, chance reaches farther."""
UNFAIR = ("hum",)
_TAIL = 0.05
Array = NDArray[np.float64]


def trained(rows: list[views.View]) -> tuple[Readout, Array]:
    """The readout fitted on all rows, its thresholds and calibration from held-out scores, and those scores.

    The scores of the decoder bank are NaN: it is never judged.
    """
    chosen = tuple(SIGNS)
    signs = np.array(list(SIGNS.values()), dtype=np.float64)
    table = np.array([r.values for r in rows])[:, [names().index(name) for name in chosen]]
    generated = np.array([r.generated for r in rows])
    scores = held_out_scores(rows, table, signs)
    judged = np.isfinite(scores)
    judged_rows = [r for r, j in zip(rows, judged, strict=True) if j]
    slope, offset = calibrate(scores[judged], generated[judged], balance(judged_rows))
    human = [
        (row, float(score))
        for row, score in zip(rows, scores, strict=True)
        if np.isfinite(score) and not row.generated and row.treatment not in UNFAIR
    ]
    final = fit(table, generated, balance(rows), signs)
    readout = Readout(
        version=f"comb-{MEASUREMENT}.{datetime.now(UTC):%Y%m%d}",
        measurement=MEASUREMENT,
        features=chosen,
        low=tuple(final.low),
        high=tuple(final.high),
        centre=tuple(final.centre),
        scale=tuple(final.scale),
        weights=tuple(final.weights),
        intercept=final.intercept,
        slope=slope,
        offset=offset,
        conditions=tuple(
            _condition([(r, s) for r, s in human if start <= r.seconds < stop], start)
            for start, stop in pairwise((*FROM_SECONDS, np.inf))
        ),
    )
    return readout, scores


def calibrate(scores: Array, generated: NDArray[np.bool_], weight: Array) -> tuple[float, float]:
    """Platt's slope and offset at equal priors."""
    model = LogisticRegression(C=100.0)
    model.fit(scores[:, None], generated, sample_weight=weight)
    return max(float(model.coef_[0, 0]), 1e-3), float(model.intercept_[0])


def _condition(human: list[tuple[views.View, float]], from_seconds: float) -> Condition:
    human = sorted(human, key=lambda each: each[1])
    scores = np.array([score for _, score in human])
    rows_of = Counter(row.recording.path for row, _ in human)
    weight = np.array([1 / rows_of[row.recording.path] for row, _ in human])  # every recording counts once
    likely = max(beyond(scores, weight, LIKELY_HUMAN_SHARE), quantile(scores, weight, 1 - LIKELY_HUMAN_SHARE))
    inconclusive = quantile(scores, weight, 1 - INCONCLUSIVE_HUMAN_SHARE)
    return Condition(
        from_seconds=from_seconds,
        likely=likely,
        inconclusive=inconclusive,
        human_recordings=len(rows_of),
        human_likely=len({row.recording.path for row, score in human if score >= likely}),
        human_inconclusive=len({row.recording.path for row, score in human if score >= inconclusive}),
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
