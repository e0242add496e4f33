"""What stands above the local floor of a spectrum, and how far up there is anything to see."""

import numpy as np
import scipy.ndimage
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_FLOOR_HZ = (
    36.0  # the local floor is the median over this width: narrower than the spacing of the finest comb sought
)
_SPREAD_HZ = (
    600.0  # width over which the usual size of the residual is taken, so that busy regions do not shout
)
_EDGE_DROP_DB = 72.0  # below the 1-4 kHz level by this much is nothing but the floor of medium or codec
_EDGE_SMOOTH_HZ = 150.0


def above_floor(decibels: Floats, bin_hz: float) -> Floats:
    """Decibels above the running median; shape and bins as given."""
    width = _odd(_FLOOR_HZ / bin_hz)
    return decibels - scipy.ndimage.median_filter(decibels, size=width, mode="nearest")


def whitened(residual: Floats, bin_hz: float) -> Floats:
    """The residual over its local spread, clipped to -3..8 so that no single line carries a statistic."""
    width = _odd(_SPREAD_HZ / bin_hz)
    spread = scipy.ndimage.uniform_filter1d(np.minimum(np.abs(residual), 6.0), size=width, mode="nearest")
    return np.clip(residual / np.maximum(spread * 1.25, 0.05), -3.0, 8.0)


def bandwidth(decibels: Floats, bin_hz: float) -> float:
    """The frequency in Hz below which the spectrum stays less than 72 dB under its 1-4 kHz level."""
    smooth = scipy.ndimage.uniform_filter1d(decibels, size=_odd(_EDGE_SMOOTH_HZ / bin_hz), mode="nearest")
    low, high = int(1000 / bin_hz), max(int(4000 / bin_hz), int(1000 / bin_hz) + 1)
    reference = float(np.median(smooth[low:high]))
    loud = np.flatnonzero(smooth > reference - _EDGE_DROP_DB)
    return float(loud[-1] * bin_hz) if loud.size else 0.0


def _odd(width: float) -> int:
    return 2 * max(round(width / 2), 1) + 1
