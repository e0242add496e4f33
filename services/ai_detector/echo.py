"""Take static echoes out of a long-term spectrum before combs are sought in it.

An echo of delay t multiplies the spectrum by |1 + g exp(-2 pi i f t)|, a ripple of period 1/t whose log has
harmonics g^k / k that fall off fast (Bogert, Healy and Tukey 1963). Where 1/t is finer than the combs sought,
every few ripples fall on a comb's teeth and look like one. A true comb of spacing d has lines of about equal
strength at all multiples of 1/d in the spectrum of its spectrum, so a line without an equally strong one at a
whole fraction of its delay is an echo.
"""

from dataclasses import dataclass

import numpy as np
import scipy.ndimage
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_PERIOD_HZ = (8.0, 75.0)
_TREND_BINS = 57  # about 150 Hz
_STANDS_OUT = 7.0  # times the median strength; noise alone reaches about 3.5
_FRACTION_AS_STRONG = 0.6
_HALF_WIDTH = 3
_MOST = 6


@dataclass(frozen=True, slots=True, eq=False)
class Echoes:
    """Ripples found in the bins low..top-1 of a spectrum; `lines` are indices into its real transform."""

    low: int
    top: int
    lines: tuple[int, ...]
    strength: float

    def removed_from(self, decibels: Floats) -> Floats:
        """The spectrum without the ripples."""
        if not self.lines:
            return decibels
        band = decibels[self.low : self.top]
        lines = np.fft.rfft(_detrended(band))
        kept = np.zeros_like(lines)
        for line in self.lines:
            kept[line - _HALF_WIDTH : line + _HALF_WIDTH + 1] = lines[
                line - _HALF_WIDTH : line + _HALF_WIDTH + 1
            ]
        out = decibels.copy()
        out[self.low : self.top] -= np.fft.irfft(kept, n=band.size).astype(np.float32)
        return out


def find(decibels: Floats, bin_hz: float, low_hz: float, top_hz: float) -> Echoes:
    """Find up to six ripples of 8-75 Hz period between two frequencies, strongest first.

    `strength` is the log of the strongest candidate line over the median, whether or not it is taken for an
    echo.
    """
    low, top = int(low_hz / bin_hz), int(top_hz / bin_hz)
    size = top - low
    strengths = np.abs(np.fft.rfft(_detrended(decibels[low:top]) * np.hanning(size)))
    delays = np.arange(strengths.size)
    first, last = (
        int(size * bin_hz / _PERIOD_HZ[1]),
        min(int(size * bin_hz / _PERIOD_HZ[0]), strengths.size - 5),
    )
    if last - first < 50:  # noqa: PLR2004 - a band too narrow to tell a ripple from noise
        return Echoes(low, top, (), 0.0)
    usual = max(float(np.median(strengths[first:last])), 1e-9)
    peaks = (strengths == scipy.ndimage.maximum_filter1d(strengths, 2 * _HALF_WIDTH + 1)) & (delays >= first)
    peaks &= (delays < last) & (strengths > _STANDS_OUT * usual)
    found = [int(i) for i in np.argsort(-strengths) if peaks[i] and _alone(strengths, int(i), first)]
    return Echoes(
        low, top, tuple(found[:_MOST]), float(np.log(max(float(strengths[first:last].max()), 1e-9) / usual))
    )


def _alone(strengths: NDArray[np.float64], line: int, first: int) -> bool:
    """Whether no line at a half, a third, ... of this delay is about as strong."""
    for divisor in range(2, line // max(first // 8, 10) + 1):
        centre = round(line / divisor)
        if strengths[centre - 1 : centre + 2].max() > _FRACTION_AS_STRONG * strengths[line]:
            return False
    return True


def _detrended(band: Floats) -> NDArray[np.float64]:
    smooth = scipy.ndimage.uniform_filter1d(band, size=_TREND_BINS, mode="nearest")
    return np.asarray(np.clip(band - smooth, -8.0, 8.0), dtype=np.float64)
