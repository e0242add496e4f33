"""Long-term spectra: the mean over time of the power spectrum in decibels, kept per five-second block.

The mean of decibels (a geometric mean of power) is small wherever the music pauses, so it shows what is
always there: the stationary pattern that a decoder's up-sampling layers print on everything they make, while
notes average away.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from services.ai_detector.repeats import repeats
from services.ai_detector.texture import MOST_SECONDS, block_texture

Floats = NDArray[np.float32]

RESOLUTION_HZ = 44_100 / 16_384
"""Aimed-at bin width; the true one differs a little with the sampling rate (see `Spectra.bin_hz`)."""
TOP_HZ = 20_000.0
"""Bins above this are not kept: few masters carry anything there and lossy codecs never do."""
BLOCK_SECONDS = 5.0
MAX_SECONDS = 90.0
"""Longer tracks are read in evenly spaced blocks that add up to this much."""
SILENCE_RMS = 10 ** (-70 / 20)
_FRAME_GATE = (
    1e-6  # a frame 60 dB below the loud ones tells about the noise floor of the medium, not about the music
)
_POWER_FLOOR = 1e-13  # relative to the mean power of a bin; float32 transforms err near 1e-14
_SUM_AT_ONCE = 1 << 16  # short sums keep float32 exact enough without a copy in float64
_FRAMES_AT_ONCE = 32  # keeps the working set within a few megabytes


@dataclass(frozen=True, slots=True, eq=False)
class Spectra:
    """Mean decibel spectra of consecutive blocks, shape (blocks, bins); bin k lies at k * bin_hz.

    `side` is None for mono and for stereo whose channels differ by less than -60 dB. `weight` counts the
    active frames of a block. `starts` are in seconds from the start of the track. `texture` has shape
    (blocks, `texture.names()`), NaN for what cannot be told; `repeats` (shape (3,)) belongs to the whole
    track.
    """

    bin_hz: float
    rate: int
    seconds: float
    block_seconds: float
    starts: tuple[float, ...]
    weight: Floats
    mid: Floats
    side: Floats | None
    texture: Floats
    repeats: Floats

    def only(self, blocks: range) -> "Spectra":
        """The given blocks."""
        chosen = list(blocks)
        return replace(
            self,
            starts=tuple(self.starts[i] for i in chosen),
            weight=self.weight[chosen],
            mid=self.mid[chosen],
            side=None if self.side is None else self.side[chosen],
            texture=self.texture[chosen],
        )

    def whole(self) -> tuple[Floats, Floats | None]:
        """Mid and side averaged over all blocks, each weighed by its active frames; shape (bins,)."""
        share = (self.weight / max(float(self.weight.sum()), 1e-9))[:, None]
        return (self.mid * share).sum(axis=0), None if self.side is None else (self.side * share).sum(axis=0)


def rms(pcm: Floats) -> float:
    """Root mean square over all samples and channels, 0 for no samples."""
    if pcm.size == 0:
        return 0.0
    flat = pcm.reshape(-1)
    parts = (flat[start : start + _SUM_AT_ONCE] for start in range(0, flat.size, _SUM_AT_ONCE))
    return float(np.sqrt(sum(float(np.dot(part, part)) for part in parts) / flat.size))


def long_term_spectra(pcm: Floats, rate: int) -> Spectra | None:
    """Measure PCM of shape (samples, channels) at its native rate; None where no block has an active frame.

    Channels beyond the second are ignored. The level is normalised first, so a gain changes nothing.
    """
    size = _transform_size(rate)
    level = rms(pcm[:, :2])
    if pcm.shape[0] < size or level <= 0.0 or not np.isfinite(level):
        return None
    bins = int(min(TOP_HZ, rate / 2) * size / rate) + 1
    spans = list(_blocks(pcm.shape[0], rate, size))
    mids, sides, powers, textures = [], [], [], []
    share = min(MOST_SECONDS / len(spans), BLOCK_SECONDS)
    stereo = pcm.shape[1] > 1 and _is_stereo(pcm, level)
    for start, stop in spans:
        block = pcm[start:stop]
        side = None
        if stereo:
            mid = (block[:, 0] + block[:, 1]) * np.float32(0.5 / level)
            side = (block[:, 0] - block[:, 1]) * np.float32(0.5 / level)
            sides.append(_decibels(side, size, bins)[0])
        else:
            mid = block[:, 0] * np.float32(1 / level)
        middle = _middle(mid.size, int(share * rate))
        textures.append(block_texture(mid[middle], None if side is None else side[middle], rate))
        mid_db, power = _decibels(mid, size, bins)
        mids.append(mid_db)
        powers.append(power)
    gate = _FRAME_GATE * float(np.percentile(np.concatenate(powers), 95))
    active = [power > gate for power in powers]
    if gate <= 0.0 or not any(a.any() for a in active):
        return None
    keep = [i for i, a in enumerate(active) if a.any()]
    return Spectra(
        bin_hz=rate / size,
        rate=rate,
        seconds=pcm.shape[0] / rate,
        block_seconds=(spans[0][1] - spans[0][0]) / rate,
        starts=tuple(spans[i][0] / rate for i in keep),
        weight=np.array([active[i].sum() for i in keep], dtype=np.float32),
        mid=np.stack([_mean_of(mids[i], active[i]) for i in keep]),
        side=np.stack([_mean_of(sides[i], active[i]) for i in keep]) if stereo else None,
        texture=np.stack([textures[i] for i in keep]),
        repeats=repeats(pcm[:, :2], rate),
    )


def _mean_of(frames: Floats, active: NDArray[np.bool_]) -> Floats:
    """Mean over the active frames; of most blocks all are, and nothing is copied."""
    chosen = frames if active.all() else frames[active]
    return np.asarray(chosen.mean(axis=0), dtype=np.float32)


def _middle(samples: int, wanted: int) -> slice:
    start = max(samples - wanted, 0) // 2
    return slice(start, start + min(wanted, samples))


def _transform_size(rate: int) -> int:
    return int(scipy.fft.next_fast_len(round(rate / RESOLUTION_HZ), real=True))


def _is_stereo(pcm: Floats, level: float) -> bool:
    """Whether the channels differ by more than -60 dB; piece by piece, to make no copy of a track."""
    square = 0.0
    for start in range(0, pcm.shape[0], _SUM_AT_ONCE):
        part = pcm[start : start + _SUM_AT_ONCE]
        side = part[:, 0] - part[:, 1]
        square += float(np.dot(side, side))
    return bool(square > (1e-3 * level) ** 2 * pcm.shape[0])


def _blocks(samples: int, rate: int, size: int) -> Iterator[tuple[int, int]]:
    """Equal blocks of five seconds or a little more; of a long track as many as are read, evenly spread."""
    count = max(samples // max(int(BLOCK_SECONDS * rate), size), 1)
    length = samples // count
    wanted = min(count, round(MAX_SECONDS / BLOCK_SECONDS))
    for i in range(wanted):
        start = (i * count // wanted) * length
        yield start, start + length


@lru_cache(maxsize=8)
def _window(size: int) -> Floats:
    window = np.hanning(size + 1)[:-1]
    return np.asarray(window / np.sqrt(np.sum(window**2)), dtype=np.float32)


def _decibels(signal: Floats, size: int, bins: int) -> tuple[Floats, Floats]:
    """Decibel spectra of half-overlapping frames, shape (frames, bins), and the power of each frame."""
    frames = np.lib.stride_tricks.sliding_window_view(signal, size)[:: size // 2]
    out = np.empty((frames.shape[0], bins), dtype=np.float32)
    power = np.empty(frames.shape[0], dtype=np.float32)
    for start in range(0, frames.shape[0], _FRAMES_AT_ONCE):
        part = frames[start : start + _FRAMES_AT_ONCE] * _window(size)
        spectrum = scipy.fft.rfft(part, axis=1)[:, :bins]
        square = spectrum.real**2 + spectrum.imag**2
        power[start : start + len(part)] = square.mean(axis=1)
        out[start : start + len(part)] = np.log10(square + np.float32(_POWER_FLOOR))
    out *= 10.0
    return out, power
