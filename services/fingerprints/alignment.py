"""Where two fingerprints agree: the same sound, told piece by piece, at a speed that may differ a little."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shared.fingerprint import SECONDS_EACH, Subfingerprints

PIECE = 24
"""Subfingerprints that are compared at once: 3 s."""
SAME_BELOW = 0.25
"""Share of differing bits below which a piece is the same sound; decision record 0018 has the figures."""
_LEAST_PIECES = 3
LEAST_SECONDS = _LEAST_PIECES * PIECE * SECONDS_EACH
"""Less than this of the same sound is a sample or a coincidence, and no copy."""
MOST_DRIFT = 0.02
"""Speeds may differ by this much: a piece a minute away is looked for 1.2 s around where it should be."""
_SLACK = 2
_LEAST_DIFFERENT = 6
"""Distinct subfingerprints that a piece must have: silence and a held note are the same in any recording."""
_BITS = 32


@dataclass(frozen=True)
class Alignment:
    """``here`` and ``there`` are (start, end) in seconds; ``seconds`` is how much of it agrees."""

    here: tuple[float, float]
    there: tuple[float, float]
    seconds: float
    bit_error_rate: float


def align(here: Subfingerprints, there: Subfingerprints, anchor: int, offset: int) -> Alignment | None:
    """Compare around a place where ``here[anchor]`` was found at ``there[anchor + offset]``.

    None where less than nine seconds agree.
    """
    pieces = len(here) // PIECE
    if pieces == 0 or not len(there):
        return None
    starts = np.arange(pieces) * PIECE
    reach = (_SLACK + np.abs(starts + PIECE // 2 - anchor) * MOST_DRIFT).astype(int)
    shifts = np.arange(-reach.max(), reach.max() + 1)
    rates = np.stack([_rates(here, there, offset + int(shift), pieces) for shift in shifts])
    rates[np.abs(shifts)[:, None] > reach] = 1.0
    best = rates.argmin(0)
    rate = rates[best, np.arange(pieces)]
    same = np.flatnonzero((rate < SAME_BELOW) & _telling(here, pieces))
    if len(same) < _LEAST_PIECES:
        return None
    first, last = same[0], same[-1]
    begin, end = int(starts[first]), int(starts[last]) + PIECE
    return Alignment(
        here=_seconds(begin, end),
        there=_seconds(begin + offset + int(shifts[best[first]]), end + offset + int(shifts[best[last]])),
        seconds=round(len(same) * PIECE * SECONDS_EACH, 2),
        bit_error_rate=round(float(rate[same].mean()), 4),
    )


def _rates(here: Subfingerprints, there: Subfingerprints, offset: int, pieces: int) -> NDArray[np.float64]:
    """Share of differing bits of each piece, 1 where a piece has no counterpart."""
    rates = np.ones(pieces)
    first = max(0, -(offset // PIECE))
    last = min(pieces, (len(there) - offset) // PIECE)
    if first < last:
        mine = here[first * PIECE : last * PIECE]
        theirs = there[first * PIECE + offset : last * PIECE + offset]
        differing = np.bitwise_count(mine ^ theirs).reshape(-1, PIECE)
        rates[first:last] = differing.mean(1) / _BITS
    return rates


def _telling(here: Subfingerprints, pieces: int) -> NDArray[np.bool_]:
    rows = np.sort(here[: pieces * PIECE].reshape(pieces, PIECE), axis=1)
    return np.asarray((np.diff(rows, axis=1) != 0).sum(1) + 1 >= _LEAST_DIFFERENT)


def _seconds(begin: int, end: int) -> tuple[float, float]:
    return round(max(0, begin) * SECONDS_EACH, 2), round(max(0, end) * SECONDS_EACH, 2)
