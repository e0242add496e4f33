"""A track heard ten seconds at a time, so that a generated bridge in a human song shows.

Looking in many places finds something by chance in one of them. A passage alone must clear the threshold for
one look by as much as the tail of human scores grows with the number of looks; neighbours that agree are read
together, against the threshold for that much audio.
"""

from collections.abc import Callable, Sequence

import numpy as np

from services.ai_detector.measurement import PassageScore
from services.ai_detector.readout import Condition
from services.ai_detector.spectrum import Spectra
from shared.events.finding import Verdict

PASSAGE_SECONDS = 10.0
_LONGEST = 1.25 * PASSAGE_SECONDS  # blocks last a little more than half of it
_TAIL_FROM = 0.95

Scores = Callable[[Sequence[Spectra]], list[float]]
"""The readout's scores of stretches of one track."""


class Listener:
    """Scores stretches of one track; `condition` gives the thresholds for so many seconds."""

    def __init__(
        self, scores: Scores, probability: Callable[[float], float], condition: Callable[[float], Condition]
    ) -> None:
        self._scores = scores
        self._probability = probability
        self._condition = condition

    def passages(self, spectra: Spectra) -> tuple[PassageScore, ...]:
        """Stretches of about ten seconds, one after the other; none where there would be only one.

        Where a long track is read in part, a passage is what was read within ten seconds.
        """
        return tuple(self._scored([spectra.only(part) for part in _parts(spectra)]))

    def ranges(self, spectra: Spectra, passages: tuple[PassageScore, ...]) -> tuple[PassageScore, ...]:
        """Neighbouring passages that are at least inconclusive, read together, where that stands out."""
        parts = _parts(spectra)
        runs = _runs([p.verdict is not Verdict.NOT_DETECTED for p in passages])
        joined = self._scored(
            [spectra.only(range(parts[first].start, parts[last].stop)) for first, last in runs],
            looks=[len(parts) if first == last else 1 for first, last in runs],
        )
        return tuple(found for found in joined if found.verdict is Verdict.LIKELY_GENERATED)

    def _scored(self, stretches: list[Spectra], looks: list[int] | None = None) -> list[PassageScore]:
        scores = self._scores(stretches)
        looks = looks or [1] * len(stretches)
        return [self._judged(*found) for found in zip(stretches, scores, looks, strict=True)]

    def _judged(self, stretch: Spectra, score: float, looks: int) -> PassageScore:
        condition = self._condition(len(stretch.starts) * stretch.block_seconds)
        return PassageScore(
            start=stretch.starts[0],
            end=stretch.starts[-1] + stretch.block_seconds,
            score=score,
            probability=self._probability(score),
            verdict=condition.verdict(score - allowance(condition, looks)),
        )


def allowance(condition: Condition, looks: int) -> float:
    """By how much a threshold rises when the greatest of so many scores is judged by it.

    The tail of human scores is taken as exponential beyond its 95 % quantile: of n scores the greatest
    exceeds t + scale * ln(n) about as often as one exceeds t.
    """
    scores = np.asarray(condition.human_scores)
    start = float(np.quantile(scores, _TAIL_FROM))
    beyond = scores[scores > start]
    scale = float(beyond.mean() - start) if beyond.size else 0.0
    return scale * float(np.log(max(looks, 1)))


def _parts(spectra: Spectra) -> list[range]:
    parts: list[range] = []
    first = 0
    for block in range(1, len(spectra.starts) + 1):
        whole = block == len(spectra.starts)
        if whole or spectra.starts[block] + spectra.block_seconds - spectra.starts[first] > _LONGEST:
            parts.append(range(first, block))
            first = block
    return parts if len(parts) > 1 else []


def _runs(marked: list[bool]) -> list[tuple[int, int]]:
    """First and last index of every run of marked items."""
    edges = np.diff([0, *marked, 0])
    return [
        (int(first), int(last) - 1)
        for first, last in zip(np.flatnonzero(edges > 0), np.flatnonzero(edges < 0), strict=True)
    ]
