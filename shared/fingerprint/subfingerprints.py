"""From the course of pitch classes to 32 bits for each moment: sixteen questions with four answers each."""

from enum import IntEnum
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from shared.fingerprint.chroma import HOP, SAMPLE_RATE, Features

SECONDS_EACH: Final = HOP / SAMPLE_RATE
"""From one subfingerprint to the next."""

Subfingerprints = NDArray[np.uint32]


class Shape(IntEnum):
    """What of a rectangle of time and pitch classes is compared with the rest of it."""

    WHOLE = 0
    UPPER_HALF = 1
    LATER_HALF = 2
    DIAGONAL = 3
    MIDDLE_CLASSES = 4
    MIDDLE_TIME = 5


class Question(NamedTuple):
    """A rectangle from pitch class ``low`` over ``classes`` and ``moments``, and where answers change."""

    shape: Shape
    low: int
    classes: int
    moments: int
    limits: tuple[float, float, float]


QUESTIONS: Final = (
    Question(Shape.WHOLE, 4, 3, 15, (1.98215, 2.35817, 2.63523)),
    Question(Shape.MIDDLE_CLASSES, 4, 6, 15, (-1.03809, -0.651211, -0.282167)),
    Question(Shape.UPPER_HALF, 0, 4, 16, (-0.298702, 0.119262, 0.558497)),
    Question(Shape.DIAGONAL, 8, 2, 12, (-0.105439, 0.0153946, 0.135898)),
    Question(Shape.DIAGONAL, 4, 4, 8, (-0.142891, 0.0258736, 0.200632)),
    Question(Shape.MIDDLE_CLASSES, 0, 3, 5, (-0.826319, -0.590612, -0.368214)),
    Question(Shape.UPPER_HALF, 2, 2, 9, (-0.557409, -0.233035, 0.0534525)),
    Question(Shape.LATER_HALF, 7, 3, 4, (-0.0646826, 0.00620476, 0.0784847)),
    Question(Shape.LATER_HALF, 6, 2, 16, (-0.192387, -0.029699, 0.215855)),
    Question(Shape.LATER_HALF, 1, 3, 2, (-0.0397818, -0.00568076, 0.0292026)),
    Question(Shape.MIDDLE_TIME, 10, 1, 15, (-0.53823, -0.369934, -0.190235)),
    Question(Shape.DIAGONAL, 6, 2, 10, (-0.124877, 0.0296483, 0.139239)),
    Question(Shape.LATER_HALF, 1, 1, 14, (-0.101475, 0.0225617, 0.231971)),
    Question(Shape.DIAGONAL, 5, 6, 4, (-0.0799915, -0.00729616, 0.063262)),
    Question(Shape.UPPER_HALF, 9, 2, 12, (-0.272556, 0.019424, 0.302559)),
    Question(Shape.DIAGONAL, 4, 2, 14, (-0.164292, -0.0321188, 0.0846339)),
)
"""Questions and limits that Chromaprint's author trained for its algorithm 2: the numbers are the format."""

_LONGEST = max(question.moments for question in QUESTIONS)
_GRAY = np.array([0, 1, 3, 2], np.uint32)


class _Areas:
    """Sums over rectangles of (moments, classes), by their corners, for every starting moment at once."""

    def __init__(self, features: Features) -> None:
        self._sums = np.zeros((len(features) + 1, features.shape[1] + 1))
        self._sums[1:, 1:] = features.cumsum(0).cumsum(1)
        self.starts = len(features) - _LONGEST + 1

    def __call__(self, begin: int, low: int, end: int, high: int) -> NDArray[np.float64]:
        early, late = self._sums[begin : begin + self.starts], self._sums[end : end + self.starts]
        return np.asarray(late[:, high] - early[:, high] - late[:, low] + early[:, low])


def subfingerprints(features: Features) -> Subfingerprints:
    """32 bits for each moment that has 1.9 s after it; empty for less than that."""
    if len(features) < _LONGEST:
        return np.empty(0, np.uint32)
    areas = _Areas(features)
    found = np.zeros(areas.starts, np.uint32)
    for question in QUESTIONS:
        answer = np.searchsorted(question.limits, _contrast(question, areas), side="right")
        found = found << np.uint32(2) | _GRAY[answer]
    return found


def _contrast(question: Question, areas: _Areas) -> NDArray[np.float64]:
    """log((1 + a) / (1 + b)) of the part that the shape names and the rest."""
    low, high, end = question.low, question.low + question.classes, question.moments
    whole = areas(0, low, end, high)
    middle = low + question.classes // 2
    half = end // 2
    match question.shape:
        case Shape.WHOLE:
            return np.asarray(np.log1p(whole))
        case Shape.UPPER_HALF:
            part = areas(0, middle, end, high)
        case Shape.LATER_HALF:
            part = areas(half, low, end, high)
        case Shape.DIAGONAL:
            part = areas(0, middle, half, high) + areas(half, low, end, middle)
        case Shape.MIDDLE_CLASSES:
            third = question.classes // 3
            part = areas(0, low + third, end, low + 2 * third)
        case Shape.MIDDLE_TIME:
            third = end // 3
            part = areas(third, low, 2 * third, high)
    return np.asarray(np.log1p(part) - np.log1p(whole - part))
