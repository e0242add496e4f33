"""The scalars that the readout sees.

None says how loud, how long or how wide the audio is: those tell studios and codecs apart, not makers.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from functools import cache

import numpy as np
from numpy.typing import NDArray

from services.ai_detector import comb, lattice, repeats, residual, texture
from services.ai_detector.relief import (
    LOW_HZ,
    SPLIT_HZ,
    Relief,
    hits,
    level_of,
    relief_of,
    sharpness,
    side_z,
    standing_lines,
    stationarity,
    weakest,
)
from services.ai_detector.spectrum import Spectra

Floats = NDArray[np.float32]

MEASUREMENT = 3
"""Raise with any change that moves a scalar: weights and cached rows belong to one measurement."""
HIGH_HZ = 16_000.0
NARROWEST_HZ = 4500.0
"""Below this bandwidth there are too few teeth to tell a comb from chance."""
_LATTICE = tuple(lattice.lattice())
_TEXTURE = texture.names()
_TEXTURE_TOP_HZ = np.array([max(texture.BANDS_HZ[b][1] for b in texture.bands_of(n)) for n in _TEXTURE])
_BAND_SLACK_HZ = 300.0
_EITHER = ("lattice_z", "lattice_low_z", "lattice_high_z", "rank", "hits", "weakest_block_z", "family_z")
"""Scalars of which the greater of the channels' sum and difference counts too: what is mixed loud to the
centre covers the teeth there, and the difference shows them."""


@dataclass(frozen=True, slots=True)
class Features:
    """Scalars of one stretch of audio; z values are standard scores over 1-16 kHz or what there is of it."""

    lattice_z: float  # strongest comb at a spacing that a decoder can have, on the mean spectrum
    lattice_low_z: float  # the same on the lower third of the blocks: what never pauses
    lattice_high_z: float  # the same (lower third) above 5 kHz only
    free_z: float  # strongest comb at any spacing: high also for held pitches
    free_low_z: float
    free_high_z: float
    off_lattice_low_z: float  # strongest comb that no stride explains (lower third): a pitch
    rank: float  # -log10 of the share of all spacings that score as high as the lattice's best (lower third)
    height_db: float  # median height of the teeth of the lattice's best above their local floor
    hits: float  # share of those teeth that stand above the band's upper fifth
    free_hits: float  # the same for the strongest comb at any spacing
    sharpness_db: float  # teeth minus the bins three to either side: an echo's ripples are round
    free_sharpness_db: float  # the same for the strongest comb at any spacing
    weakest_block_z: float  # lower quartile over blocks of the z of the lattice's best
    free_weakest_block_z: float  # the same for the strongest comb at any spacing
    side_z: float  # z of that spacing in the difference of the channels; 0 for mono
    family_z: float  # strongest of its double, triple, quadruple and fifth: nested stages
    stationary_low: float  # correlation of the residual of odd and even blocks, 1-5 kHz; 0 for a single block
    stationary_high: float  # the same above 5 kHz
    lines_high: float  # log(1 + narrow lines above 5 kHz per 1000 bins that stand in every block)
    ripple: float  # log strength of the strongest fine ripple before echoes were taken out

    def vector(self) -> NDArray[np.float64]:
        """Values in the order of `names()`."""
        return self.chosen(names())

    def chosen(self, wanted: tuple[str, ...]) -> NDArray[np.float64]:
        """Values of the scalars named, in that order."""
        return np.array([getattr(self, name) for name in wanted], dtype=np.float64)


@cache
def names() -> tuple[str, ...]:
    """Order of the scalars in `Features.vector`."""
    return tuple(field.name for field in fields(Features))


class Opinion(StrEnum):
    """What kind of evidence a column is."""

    COMB = "comb"
    TEXTURE = "texture"
    REPEATS = "repeats"


def columns() -> tuple[str, ...]:
    """All that the readout may see, in the order of `Reading.columns`."""
    either = (f"either_{name}" for name in _EITHER)
    return (*names(), *_TEXTURE, *(f"{name}_spread" for name in _TEXTURE), *repeats.NAMES, *either)


def opinion(column: str) -> Opinion:
    """The kind of evidence that a column belongs to."""
    if column in names() or column.startswith("either_"):
        return Opinion.COMB
    return Opinion.REPEATS if column in repeats.NAMES else Opinion.TEXTURE


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """The scalars with what they were read from, for the evidence.

    `columns` has the comb's scalars, the texture's mean and spread over the blocks, the repeats, and the best
    of sum and difference: NaN for bands that the file does not carry and for what a stretch is too short for.
    """

    features: Features
    columns: NDArray[np.float64]
    spacing_hz: float
    free_spacing_hz: float
    teeth: int
    teeth_above_5k: int


def analysed_band(spectra: Spectra) -> float:
    """Upper edge in Hz of what can be measured: the bandwidth of the mean spectrum, at most 16 kHz."""
    mid, _ = spectra.whole()
    return min(residual.bandwidth(mid, spectra.bin_hz), HIGH_HZ)


def read(spectra: Spectra, top_hz: float) -> Reading:
    """Compute the scalars over all blocks given, between 1 kHz and `top_hz` (at least `NARROWEST_HZ`)."""
    return read_all([spectra], top_hz)[0]


def read_all(stretches: Sequence[Spectra], top_hz: float, *, sides: bool = True) -> list[Reading]:
    """`read` for stretches of one track: their combs are sought together, which costs a fraction.

    Without `sides` the difference of the channels is not searched, at half the cost: a comb that only it
    shows is then missed.
    """
    stereo = [sides and stretch.side is not None for stretch in stretches]
    apart = [
        replace(stretch, mid=stretch.side, side=None)
        for stretch in stretches
        if sides and stretch.side is not None
    ]
    found = _read_each([*stretches, *apart], top_hz)
    differences = iter(found[len(stretches) :])
    return [
        _with_either(reading, next(differences) if both else None)
        for both, reading in zip(stereo, found, strict=False)
    ]


def _with_either(reading: Reading, difference: Reading | None) -> Reading:
    either = reading.features.chosen(_EITHER)
    if difference is not None:
        either = np.maximum(either, difference.features.chosen(_EITHER))
    return replace(reading, columns=np.concatenate([reading.columns, either]))


def _read_each(stretches: Sequence[Spectra], top_hz: float) -> list[Reading]:
    if not stretches:
        return []
    reliefs = [relief_of(stretch, top_hz) for stretch in stretches]
    bin_hz = stretches[0].bin_hz
    means = np.stack([relief.mean for relief in reliefs])
    lowers = np.stack([relief.lower for relief in reliefs])
    scans = comb.scan_all(np.concatenate([means, lowers]), bin_hz, LOW_HZ, top_hz)
    high: Sequence[comb.CombScan | None] = [None] * len(reliefs)
    if top_hz >= SPLIT_HZ + 2000.0:
        high = comb.scan_all(lowers, bin_hz, SPLIT_HZ, top_hz)
    return [
        _read(stretch, relief, _Scans(on_mean, on_lower, above_split), top_hz)
        for stretch, relief, on_mean, on_lower, above_split in zip(
            stretches, reliefs, scans[: len(reliefs)], scans[len(reliefs) :], high, strict=True
        )
    ]


@dataclass(frozen=True, slots=True, eq=False)
class _Scans:
    on_mean: comb.CombScan
    on_lower: comb.CombScan
    above_split: comb.CombScan | None


def _read(spectra: Spectra, relief: Relief, scans: _Scans, top_hz: float) -> Reading:
    bin_hz = spectra.bin_hz
    excess, blocks, lower, on_lower = relief.excess, relief.blocks, relief.lower, scans.on_lower
    low_z = on_lower.strongest_near(_LATTICE, lattice.TOLERANCE)
    spacing, low_best = _LATTICE[int(np.argmax(low_z))], float(low_z.max())
    free_spacing, free_low_z = on_lower.best()
    lattice_high, free_high = _above_split(scans.above_split)

    band = slice(int(np.ceil(LOW_HZ / bin_hz)), int(top_hz / bin_hz))
    teeth = comb.tooth_bins(spacing, bin_hz, LOW_HZ, top_hz)
    free_teeth = comb.tooth_bins(free_spacing, bin_hz, LOW_HZ, top_hz)
    stationary = stationarity(blocks, bin_hz, top_hz)
    level = level_of(blocks, band)
    features = Features(
        lattice_z=float(scans.on_mean.strongest_near(_LATTICE, lattice.TOLERANCE).max()),
        lattice_low_z=low_best,
        lattice_high_z=lattice_high,
        free_z=scans.on_mean.best()[1],
        free_low_z=free_low_z,
        free_high_z=free_high,
        off_lattice_low_z=on_lower.strongest_unexplained(_LATTICE, spacing, 5 * lattice.TOLERANCE),
        rank=float(-np.log10((np.count_nonzero(on_lower.z >= low_best) + 1) / (on_lower.z.size + 1))),
        height_db=float(np.median(excess[teeth])),
        hits=hits(lower, teeth, band),
        free_hits=hits(lower, free_teeth, band),
        sharpness_db=sharpness(excess, teeth),
        free_sharpness_db=sharpness(excess, free_teeth),
        weakest_block_z=weakest(blocks, teeth, level),
        free_weakest_block_z=weakest(blocks, free_teeth, level),
        side_z=side_z(relief, bin_hz, teeth, band),
        family_z=max(on_lower.near(spacing * k, lattice.TOLERANCE) for k in (2, 3, 4, 5)),
        stationary_low=stationary[0],
        stationary_high=stationary[1],
        lines_high=standing_lines(relief.block_excess, bin_hz, top_hz),
        ripple=relief.echoes.strength,
    )
    return Reading(
        features,
        np.concatenate([features.vector(), *_texture(spectra.texture, top_hz), spectra.repeats]),
        spacing,
        free_spacing,
        int(teeth.size),
        int(np.count_nonzero(teeth * bin_hz > SPLIT_HZ)),
    )


def _above_split(high: comb.CombScan | None) -> tuple[float, float]:
    if high is None:
        return 0.0, 0.0
    return float(high.strongest_near(_LATTICE, lattice.TOLERANCE).max()), high.best()[1]


def _texture(blocks: Floats, top_hz: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and standard deviation over blocks, NaN beyond the band; no spread of a single block."""
    values = np.where(top_hz + _BAND_SLACK_HZ < _TEXTURE_TOP_HZ, np.nan, blocks.astype(np.float64))
    there = np.isfinite(values)
    count = there.sum(axis=0)
    filled = np.where(there, values, 0.0)
    mean = np.where(count > 0, filled.sum(axis=0) / np.maximum(count, 1), np.nan)
    square = np.where(there, np.square(filled - mean), 0.0).sum(axis=0)
    return mean, np.where(count > 1, np.sqrt(square / np.maximum(count, 1)), np.nan)
