"""Spacing-agnostic search for combs: teeth at every multiple of an unknown spacing, counted from 0 Hz.

Strided up-sampling repeats the spectrum of its input and leaks its bias at multiples of the stage's input
rate. After any resampling or change of speed those lines are still equally spaced and still aligned with 0
Hz, so the search asks only for that and not for the spacings of known decoders. The grid of spacings is fine
enough that the highest tooth never drifts by more than half a bin: step <= spacing * bin / (2 * top).
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

MIN_SPACING_HZ = 58.0
"""Ripples of reverberation and slap echoes lie closer; so does the local floor's own width."""
MAX_SPACING_HZ = 2800.0
_MIN_TEETH = 4
_FRACTIONS = range(1, 8)


@dataclass(frozen=True, slots=True)
class Grid:
    """Bins of all teeth of all spacings, laid end to end: those of spacing i begin at starts[i]."""

    spacings: NDArray[np.float64]
    bins: NDArray[np.intp]
    starts: NDArray[np.intp]
    teeth: Floats


@lru_cache(maxsize=64)
def grid(bin_hz: float, low: int, high: int) -> Grid:
    """All spacings whose teeth are looked for in the bins low..high-1."""
    top = (high - 1) * bin_hz
    ratio = 1.0 + bin_hz / (2.0 * top)
    largest = min(MAX_SPACING_HZ, (top - low * bin_hz) / _MIN_TEETH)
    count = max(int(np.log(largest / MIN_SPACING_HZ) / np.log(ratio)), 0) + 1
    spacings = np.asarray(MIN_SPACING_HZ * ratio ** np.arange(count), dtype=np.float64)
    first = np.ceil(low * bin_hz / spacings).astype(np.intp)
    last = np.floor(top / spacings).astype(np.intp)
    teeth = last - first + 1
    starts = np.concatenate([[0], np.cumsum(teeth)[:-1]])
    order = np.arange(teeth.sum()) - np.repeat(starts, teeth) + np.repeat(first, teeth)
    bins = np.rint(order * np.repeat(spacings, teeth) / bin_hz).astype(np.intp)
    return Grid(spacings, np.clip(bins, low, high - 1), starts, teeth.astype(np.float32))


@dataclass(frozen=True, slots=True, eq=False)
class CombScan:
    """For each spacing of the grid, how far its teeth stand out of the band, as a standard score."""

    spacings: NDArray[np.float64]
    z: Floats

    def best(self) -> tuple[float, float]:
        """Spacing in Hz and z of the strongest comb."""
        i = int(np.argmax(self.z))
        return float(self.spacings[i]), float(self.z[i])

    def near(self, spacing: float, tolerance: float) -> float:
        """The largest z within a relative tolerance of a spacing; 0 where the grid does not reach."""
        low, high = np.searchsorted(self.spacings, [spacing * (1 - tolerance), spacing * (1 + tolerance)])
        return float(self.z[low:high].max()) if high > low else 0.0

    def strongest_near(self, wanted: tuple[float, ...], tolerance: float) -> Floats:
        """`near` for many spacings."""
        return np.array([self.near(spacing, tolerance) for spacing in wanted], dtype=np.float32)

    def strongest_unexplained(self, explained: tuple[float, ...], spacing: float, tolerance: float) -> float:
        """The largest z away from given spacings, and from simple fractions of one: those share its teeth."""
        ghosts = [spacing * p / q for p in _FRACTIONS for q in _FRACTIONS]
        grid_of = np.sort([*explained, *ghosts])
        right = np.clip(np.searchsorted(grid_of, self.spacings), 1, grid_of.size - 1)
        gap = np.minimum(
            np.abs(self.spacings / grid_of[right] - 1), np.abs(self.spacings / grid_of[right - 1] - 1)
        )
        return float(self.z[gap > tolerance].max(initial=0.0))


def scan(white: Floats, bin_hz: float, low_hz: float, high_hz: float) -> CombScan:
    """Score every spacing on a whitened residual between two frequencies.

    z = (mean over the teeth - mean over the band) * sqrt(teeth) / standard deviation over the band.
    """
    low, high = int(np.ceil(low_hz / bin_hz)), min(int(high_hz / bin_hz), white.shape[0])
    chosen = grid(bin_hz, low, high)
    band = white[low:high]
    sums = np.add.reduceat(white[chosen.bins], chosen.starts)
    spread = max(float(band.std()), 1e-6)
    z = (sums / chosen.teeth - band.mean()) * np.sqrt(chosen.teeth) / spread
    return CombScan(chosen.spacings, z.astype(np.float32))


def tooth_bins(spacing: float, bin_hz: float, low_hz: float, high_hz: float) -> NDArray[np.intp]:
    """Bins of the multiples of a spacing between two frequencies."""
    order = np.arange(np.ceil(low_hz / spacing), np.floor(high_hz / spacing) + 1)
    return np.rint(order * spacing / bin_hz).astype(np.intp)
