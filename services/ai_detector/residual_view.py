"""What a person looks at to believe a comb: the spectrum above its local floor, with the teeth marked."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.ai_detector import comb, echo, residual
from services.ai_detector.features import HIGH_HZ
from services.ai_detector.relief import LOW_HZ
from services.ai_detector.spectrum import Floats, Spectra

_STANDS_OUT_QUANTILE = 0.95


@dataclass(frozen=True, slots=True)
class Tooth:
    """A multiple of the spacing; it `stands_out` where it is above 95 % of the residual's bins."""

    hz: float
    height_db: float
    stands_out: bool


@dataclass(frozen=True, slots=True, eq=False)
class ResidualView:
    """The mean spectrum above its running median, after echoes are taken out: `decibels` at `hertz`."""

    hertz: NDArray[np.float64]
    decibels: Floats
    teeth: tuple[Tooth, ...]
    echoes: int


def residual_view(spectra: Spectra, top_hz: float, spacing_hz: float | None) -> ResidualView:
    """Between 1 kHz and `top_hz` (16 kHz at most); without a spacing there are no teeth to mark."""
    top = min(top_hz, HIGH_HZ)
    mid, _ = spectra.whole()
    echoes = echo.find(mid, spectra.bin_hz, LOW_HZ, top)
    excess = residual.above_floor(echoes.removed_from(mid), spectra.bin_hz)
    low, high = int(np.ceil(LOW_HZ / spectra.bin_hz)), min(int(top / spectra.bin_hz), excess.size)
    teeth: tuple[Tooth, ...] = ()
    if spacing_hz is not None:
        usual = float(np.quantile(excess[low:high], _STANDS_OUT_QUANTILE))
        bins = comb.tooth_bins(spacing_hz, spectra.bin_hz, LOW_HZ, top)
        teeth = tuple(_tooth(excess, int(i), spectra.bin_hz, usual) for i in bins if i < excess.size)
    hertz = np.arange(low, high, dtype=np.float64) * np.float64(spectra.bin_hz)
    return ResidualView(hertz, excess[low:high], teeth, len(echoes.lines))


def _tooth(excess: Floats, centre: int, bin_hz: float, usual: float) -> Tooth:
    """The greatest of the bins beside: the last digits of a spacing move the highest teeth by one."""
    height = float(excess[max(centre - 1, 0) : centre + 2].max())
    return Tooth(round(centre * bin_hz, 2), round(height, 2), height > usual)
