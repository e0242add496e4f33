"""From samples to the picture of a spectrum, and the regular teeth in it that up-sampling decoders leave."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_FFT = 16_384
_MOST_WINDOWS = 600
_COLUMNS = 1_024
_FLOOR_HZ = 250.0
_FLOOR_DB = -120.0
_OWN_HZ = 12.0
TOOTH_DB = 3.0


@dataclass(frozen=True)
class Spectrum:
    """The mean level over the recording in even columns from 0 to ``to_hz``, each column's strongest bin.

    ``levels`` and ``floor`` (what is usual around that column) are in whole dB below the strongest bin.
    """

    to_hz: float
    levels: tuple[int, ...]
    floor: tuple[int, ...]


@dataclass(frozen=True)
class Tooth:
    """A multiple of the spacing, and by how many dB it stands above what is usual around it."""

    hz: float
    above_db: float

    @property
    def evident(self) -> bool:
        return self.above_db >= TOOTH_DB


def spectrum(samples: NDArray[np.float32], sample_rate: int) -> Spectrum | None:
    """``samples`` is mono, shape (frames,). None for less than one window (16,384 frames)."""
    if len(samples) < _FFT:
        return None
    starts = np.linspace(0, len(samples) - _FFT, min(_MOST_WINDOWS, len(samples) // (_FFT // 2))).astype(
        np.int64
    )
    window = np.hanning(_FFT).astype(np.float32)
    power = np.zeros(_FFT // 2 + 1)
    for start in starts:
        power += np.square(np.abs(np.fft.rfft(samples[start : start + _FFT] * window)))
    if not power.any():
        return None
    level = 10 * np.log10(np.maximum(power / power.max(), 10 ** (_FLOOR_DB / 10)))
    bins = np.linspace(0, len(level), _COLUMNS, endpoint=False).astype(np.int64)
    columns = np.maximum.reduceat(level, bins)
    half = max(2, round(_FLOOR_HZ / (sample_rate / 2 / _COLUMNS)))
    around = np.lib.stride_tricks.sliding_window_view(np.pad(columns, half, mode="edge"), 2 * half + 1)
    return Spectrum(sample_rate / 2, _whole(columns), _whole(np.median(around, axis=1)))


def teeth(found: Spectrum, spacing_hz: float, bandwidth_hz: float) -> tuple[Tooth, ...]:
    """Every multiple of the spacing below the recording's own bandwidth, with its height in the picture."""
    width = found.to_hz / len(found.levels)
    if spacing_hz < 2 * width:
        return ()
    drawn: list[Tooth] = []
    for hz in np.arange(spacing_hz, min(bandwidth_hz, found.to_hz), spacing_hz):
        low = max(int((hz - _OWN_HZ) / width), 0)
        high = min(int((hz + _OWN_HZ) / width), len(found.levels) - 1)
        height = max(found.levels[at] - found.floor[at] for at in range(low, high + 1))
        drawn.append(Tooth(round(float(hz), 1), float(height)))
    return tuple(drawn)


def _whole(levels: NDArray[np.floating]) -> tuple[int, ...]:
    return tuple(int(level) for level in np.rint(levels))
