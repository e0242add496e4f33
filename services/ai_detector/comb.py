"""Spacing-agnostic search for combs: teeth at every multiple of an unknown spacing, counted from 0 Hz.

Strided up-sampling repeats the spectrum of its input and leaks its bias at multiples of the stage's input
rate. After any resampling or change of speed those lines are still equally spaced and still aligned with 0
Hz, so the search asks only for that and not for the spacings of known decoders. The grid of spacings is fine
enough that the highest tooth never drifts by more than half a bin: step <= spacing * bin / (2 * top).

Three million teeth are looked at for one residual. For many residuals at once that is one product of a sparse
matrix (spacings by bins, ones at the teeth) and a dense one: an eighth of the time that each alone takes.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

Floats = NDArray[np.float32]

MIN_SPACING_HZ = 58.0
"""Ripples of reverberation and slap echoes lie closer; so does the local floor's own width."""
MAX_SPACING_HZ = 2800.0
_MIN_TEETH = 4
_FRACTIONS = range(1, 8)


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """The spacings sought, ascending; `matrix` (spacings, bins) holds ones at their teeth, `teeth` counts."""

    spacings: NDArray[np.float64]
    matrix: scipy.sparse.csr_array
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
    rows = np.append(starts, bins.size).astype(np.int32)
    columns = np.clip(bins, low, high - 1).astype(np.int32)
    matrix = scipy.sparse.csr_array((np.ones(bins.size, np.float32), columns, rows), shape=(count, high))
    return Grid(spacings, matrix, teeth.astype(np.float32))


@dataclass(frozen=True, slots=True, eq=False)
class CombScan:
    """For each spacing of the grid, how far its teeth stand out of the band, as a standard score."""

    grid: Grid
    z: Floats

    def best(self) -> tuple[float, float]:
        """Spacing in Hz and z of the strongest comb."""
        i = int(np.argmax(self.z))
        return float(self.grid.spacings[i]), float(self.z[i])

    def near(self, spacing: float, tolerance: float) -> float:
        """The largest z within a relative tolerance of a spacing; 0 where the grid does not reach."""
        low, high = np.searchsorted(
            self.grid.spacings, [spacing * (1 - tolerance), spacing * (1 + tolerance)]
        )
        return float(self.z[low:high].max()) if high > low else 0.0

    def strongest_near(self, wanted: tuple[float, ...], tolerance: float) -> Floats:
        """`near` for many spacings."""
        low, high = _windows(self.grid, wanted, tolerance)
        edges = np.stack([low, np.maximum(high, low)], axis=1).ravel()
        found = np.maximum.reduceat(np.append(self.z, np.float32(0.0)), edges)[::2]
        return np.asarray(np.where(high > low, found, 0.0), dtype=np.float32)

    def strongest_unexplained(self, explained: tuple[float, ...], spacing: float, tolerance: float) -> float:
        """The largest z away from given spacings, and from simple fractions of one: those share its teeth."""
        ghosts = tuple(spacing * p / q for p in _FRACTIONS for q in _FRACTIONS)
        change = np.zeros(self.z.size + 1, dtype=np.int32)
        for low, high in (_windows(self.grid, explained, tolerance), _between(self.grid, ghosts, tolerance)):
            np.add.at(change, low, 1)
            np.add.at(change, high, -1)
        return float(self.z[np.cumsum(change[:-1]) == 0].max(initial=0.0))


@lru_cache(maxsize=64)
def _windows(
    chosen: Grid, wanted: tuple[float, ...], tolerance: float
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """`_between` for spacings that are asked for again and again."""
    return _between(chosen, wanted, tolerance)


def _between(
    chosen: Grid, wanted: tuple[float, ...], tolerance: float
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """First index, and the one behind the last, of the spacings within a relative tolerance of each."""
    centres = np.asarray(wanted, dtype=np.float64)
    low, high = (np.searchsorted(chosen.spacings, centres * (1 + by)) for by in (-tolerance, tolerance))
    return low, high


def scan(white: Floats, bin_hz: float, low_hz: float, high_hz: float) -> CombScan:
    """Score every spacing on a whitened residual between two frequencies.

    z = (mean over the teeth - mean over the band) * sqrt(teeth) / standard deviation over the band.
    """
    return scan_all(white[None], bin_hz, low_hz, high_hz)[0]


def scan_all(whites: Floats, bin_hz: float, low_hz: float, high_hz: float) -> list[CombScan]:
    """`scan` for every row of (residuals, bins)."""
    low, high = int(np.ceil(low_hz / bin_hz)), min(int(high_hz / bin_hz), whites.shape[1])
    chosen = grid(bin_hz, low, high)
    band = whites[:, low:high]
    mean, spread = band.mean(axis=1), np.maximum(band.std(axis=1), 1e-6)
    sums = np.asarray(chosen.matrix @ np.ascontiguousarray(whites[:, :high].T))
    root = np.sqrt(chosen.teeth)
    z = np.ascontiguousarray((sums / root[:, None]).T)
    z -= mean[:, None] * root
    z /= spread[:, None]
    return [CombScan(chosen, row) for row in z.astype(np.float32, copy=False)]


def tooth_bins(spacing: float, bin_hz: float, low_hz: float, high_hz: float) -> NDArray[np.intp]:
    """Bins of the multiples of a spacing between two frequencies."""
    order = np.arange(np.ceil(low_hz / spacing), np.floor(high_hz / spacing) + 1)
    return np.rint(order * spacing / bin_hz).astype(np.intp)
