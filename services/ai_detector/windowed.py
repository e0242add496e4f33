"""Probabilities of windows, from a classifier that judges a few seconds at a time, put together. Pure."""

from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from services.ai_detector.measurement import Measurement, PassageScore
from shared.events.finding import Verdict

WINDOW_SECONDS = 10.0
MOST_WINDOWS = 18


@dataclass(frozen=True, slots=True)
class Limits:
    """Probabilities from which a verdict holds. The operator's choice, not measured on human music."""

    likely: float
    inconclusive: float

    def verdict(self, probability: float) -> Verdict:
        if probability >= self.likely:
            return Verdict.LIKELY_GENERATED
        return Verdict.INCONCLUSIVE if probability >= self.inconclusive else Verdict.NOT_DETECTED


def windows(samples: int, rate: int) -> list[tuple[int, int]]:
    """Spans of ten seconds one after the other, of a long recording as many as are read, evenly spread.

    A shorter recording is one window; what is left over at the end is not read.
    """
    length = round(WINDOW_SECONDS * rate)
    if samples <= length:
        return [(0, samples)]
    count = samples // length
    starts = np.linspace(0, samples - length, min(count, MOST_WINDOWS)).astype(int)
    return [(int(start), int(start) + length) for start in starts]


def concluded(
    probabilities: NDArray[np.float64], spans: list[tuple[float, float]], limits: Limits, version: str
) -> Measurement:
    """The whole is the mean of the windows' probabilities; `spans` in seconds.

    The score is the probability itself. A whole that is clear, with windows that are likely, is inconclusive.
    """
    whole = float(np.mean(probabilities))
    passages = tuple(
        PassageScore(start, end, float(p), float(p), limits.verdict(float(p)))
        for (start, end), p in zip(spans, probabilities, strict=True)
    )
    ranges = _joined(passages) if len(passages) > 1 else ()
    verdict = limits.verdict(whole)
    if verdict is Verdict.NOT_DETECTED and ranges:
        verdict = Verdict.INCONCLUSIVE
    return Measurement(
        verdict=verdict,
        model_version=version,
        seconds_measured=sum(end - start for start, end in spans),
        score=whole,
        probability=whole,
        threshold=limits.likely,
        passages=passages if len(passages) > 1 else (),
        ranges=ranges,
    )


def _joined(passages: tuple[PassageScore, ...]) -> tuple[PassageScore, ...]:
    joined = []
    for likely, group in groupby(passages, key=lambda p: p.verdict is Verdict.LIKELY_GENERATED):
        run = list(group)
        if likely:
            mean = float(np.mean([p.probability for p in run]))
            joined.append(PassageScore(run[0].start, run[-1].end, mean, mean, Verdict.LIKELY_GENERATED))
    return tuple(joined)
