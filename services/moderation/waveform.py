"""From samples to the columns of a waveform picture."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_FULL_SCALE = 100


@dataclass(frozen=True)
class Outline:
    """Columns from left to right, each 0 to 100 of full scale."""

    peaks: tuple[int, ...]
    rms: tuple[int, ...]


def outline(samples: NDArray[np.float32], columns: int) -> Outline:
    """``samples`` is mono, shape (frames,). Fewer samples than columns give one column for each sample."""
    columns = min(columns, len(samples))
    if columns == 0:
        return Outline((), ())
    starts = np.linspace(0, len(samples), columns, endpoint=False).astype(np.int64)
    widths = np.diff(np.append(starts, len(samples)))
    peaks = np.maximum.reduceat(np.abs(samples), starts)
    rms = np.sqrt(np.add.reduceat(np.square(samples, dtype=np.float64), starts) / widths)
    return Outline(_percent(peaks), _percent(rms))


def _percent(levels: NDArray[np.floating]) -> tuple[int, ...]:
    return tuple(int(level) for level in np.clip(np.rint(levels * _FULL_SCALE), 0, _FULL_SCALE))
