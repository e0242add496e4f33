"""What stands above the local floor of a stretch's long-term spectrum, and how given teeth stand in it."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.ai_detector import echo, residual
from services.ai_detector.spectrum import Floats, Spectra

LOW_HZ: Final = 1000.0
SPLIT_HZ: Final = 5000.0
_NEIGHBOURS = 3
_LINE_DB = 3.0


@dataclass(frozen=True, slots=True, eq=False)
class Relief:
    """What stands above the local floor of a stretch; `lower` is the lower third of the whitened blocks."""

    echoes: echo.Echoes
    side: Floats | None
    excess: Floats
    mean: Floats
    block_excess: list[Floats]
    blocks: Floats
    lower: Floats


def relief_of(spectra: Spectra, top_hz: float) -> Relief:
    """Echoes are taken out first, then each block and the mean are set against their own floors."""
    bin_hz = spectra.bin_hz
    mid, side = spectra.whole()
    echoes = echo.find(mid, bin_hz, LOW_HZ, top_hz)
    excess = residual.above_floor(echoes.removed_from(mid), bin_hz)
    block_excess = [residual.above_floor(echoes.removed_from(block), bin_hz) for block in spectra.mid]
    blocks = np.stack([residual.whitened(block, bin_hz) for block in block_excess])
    return Relief(
        echoes, side, excess, residual.whitened(excess, bin_hz), block_excess, blocks, _lower_third(blocks)
    )


def _lower_third(blocks: Floats) -> Floats:
    """Per bin the mean of the lowest third of the blocks (at least one)."""
    kept = max(round(blocks.shape[0] / 3), 1)
    if blocks.shape[0] == kept:
        return np.asarray(blocks.mean(axis=0), dtype=np.float32)
    return np.asarray(np.partition(blocks, kept - 1, axis=0)[:kept].mean(axis=0), dtype=np.float32)


def hits(white: Floats, teeth: NDArray[np.intp], band: slice) -> float:
    """Share of the teeth that stand above the band's upper fifth."""
    return float(np.mean(white[teeth] > np.quantile(white[band], 0.8)))


def sharpness(excess: Floats, teeth: NDArray[np.intp]) -> float:
    """Teeth minus the bins three to either side, dB, kept within -3 to 12."""
    shoulders = np.concatenate([teeth - _NEIGHBOURS, np.minimum(teeth + _NEIGHBOURS, excess.size - 1)])
    return float(np.clip(np.mean(excess[teeth]) - np.mean(excess[shoulders]), -3.0, 12.0))


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """Mean and standard deviation over a band of whitened residuals, shape (residuals,)."""

    mean: Floats
    spread: Floats


def level_of(whites: Floats, band: slice) -> Level:
    inside = whites[:, band]
    return Level(inside.mean(axis=1), np.maximum(inside.std(axis=1), 1e-6))


def weakest(blocks: Floats, teeth: NDArray[np.intp], level: Level) -> float:
    """Lower quartile over blocks of how far the teeth stand out."""
    return float(np.quantile(_z_at(blocks, teeth, level), 0.25))


def _z_at(whites: Floats, teeth: NDArray[np.intp], level: Level) -> Floats:
    """How far the teeth stand out of the band, for each of (residuals, bins)."""
    root = np.float32(np.sqrt(teeth.size))
    return np.asarray((whites[:, teeth].mean(axis=1) - level.mean) * root / level.spread)


def side_z(relief: Relief, bin_hz: float, teeth: NDArray[np.intp], band: slice) -> float:
    """How far the teeth stand out in the difference of the channels; 0 for mono."""
    if relief.side is None:
        return 0.0
    excess = residual.above_floor(relief.echoes.removed_from(relief.side), bin_hz)
    white = residual.whitened(excess, bin_hz)[None]
    return float(_z_at(white, teeth, level_of(white, band))[0])


def stationarity(blocks: Floats, bin_hz: float, top_hz: float) -> tuple[float, float]:
    """Correlation of odd and even blocks below and above `SPLIT_HZ`; 0 for a single block."""
    if blocks.shape[0] < 2:  # noqa: PLR2004 - two halves need two blocks
        return 0.0, 0.0
    odd, even = blocks[1::2].mean(axis=0), blocks[::2].mean(axis=0)
    low, split, top = (int(edge / bin_hz) for edge in (LOW_HZ, min(SPLIT_HZ, top_hz), top_hz))
    return _correlation(odd[low:split], even[low:split]), _correlation(odd[split:top], even[split:top])


def _correlation(a: Floats, b: Floats) -> float:
    if a.size < 100 or a.std() < 1e-6 or b.std() < 1e-6:  # noqa: PLR2004 - too short or too flat to correlate
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])


def standing_lines(block_excess: list[Floats], bin_hz: float, top_hz: float) -> float:
    """log(1 + lines above `SPLIT_HZ` per 1000 bins that stand in every block)."""
    low, top = int(SPLIT_HZ / bin_hz), int(top_hz / bin_hz)
    if top <= low:
        return 0.0
    lowest = np.min([excess[low:top] for excess in block_excess], axis=0)
    return float(np.log1p(1000.0 * np.count_nonzero(lowest > _LINE_DB) / (top - low)))
