"""Which windows of a recording are worth listening to: a cheap look at the filterbank, before any network.

Voices move: syllables modulate every band at 2 to 8 Hz and formants keep changing, where accompaniment
repeats or holds. A linear score over those movements, learned from speech with and without music against
instrumental music, ranks the windows; it does not look at the spectrum's average shape, which would learn
the microphones of the training voices. What it reaches is in the model card.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from services.voice_matcher.fbank import BINS, FRAME, HOP, SAMPLE_RATE, Floats

WINDOW_SECONDS = 3.0
HOP_SECONDS = 1.5
WINDOW_FRAMES = 298
"""Frames that lie wholly inside three seconds."""
HOP_FRAMES = int(HOP_SECONDS * SAMPLE_RATE) // HOP

SILENT_DBFS = -60.0
_GROUPS = 16
_MODULATION_HZ = ((0.3, 2.0), (2.0, 4.0), (4.0, 8.0), (8.0, 16.0))
FEATURES = 2 * BINS + _GROUPS * len(_MODULATION_HZ)


@cache
def _averages() -> NDArray[np.float32]:
    """Means over groups of neighbouring bands, (80, 16): a product is faster than numpy's mean of five."""
    return np.kron(np.eye(_GROUPS), np.full((BINS // _GROUPS, 1), _GROUPS / BINS)).astype(np.float32)


@cache
def _taper(frames: int) -> NDArray[np.float32]:
    return np.hanning(frames)[:, None].astype(np.float32)


def movement(window: Floats) -> NDArray[np.float64]:
    """How a filterbank window (298, 80) moves, (224,): spread and speed per band, modulation per group."""
    centred = window - window.mean(0)
    spread = np.sqrt(np.einsum("fb,fb->b", centred, centred) / len(window))
    speed = np.abs(np.diff(centred, axis=0)).mean(0)
    tapered = (centred @ _averages()) * _taper(len(window))
    spectrum = np.fft.rfft(np.ascontiguousarray(tapered.T), axis=1).T
    power = spectrum.real**2 + spectrum.imag**2
    rate = np.arange(power.shape[0]) * (SAMPLE_RATE / HOP) / len(window)
    total = power[1:].sum(0) + 1e-6
    shares = [power[(rate >= low) & (rate < high)].sum(0) / total for low, high in _MODULATION_HZ]
    return np.concatenate([spread, speed, np.log(np.stack(shares) + 1e-4).ravel()]).astype(np.float64)


@dataclass(frozen=True)
class LinearScore:
    """``weights @ features + bias``: log odds of voice against none, at equal priors."""

    weights: NDArray[np.float64]
    bias: float

    def __call__(self, features: NDArray[np.floating]) -> NDArray[np.float64]:
        return np.asarray(features @ self.weights + self.bias, np.float64)


@dataclass(frozen=True)
class Window:
    """A window of 3 s. ``frame`` is its first filterbank frame; ``start`` and ``end`` are in seconds."""

    frame: int
    odds: float

    @property
    def start(self) -> float:
        return self.frame * HOP / SAMPLE_RATE

    @property
    def end(self) -> float:
        return self.start + WINDOW_SECONDS


def hop_for(frames: int, most_windows: int) -> int:
    """Frames between windows: half the usual where the recording is short enough to embed them all."""
    dense = HOP_FRAMES // 2
    return dense if (frames - WINDOW_FRAMES) // dense + 1 <= most_windows else HOP_FRAMES


def rank_windows(
    features: Floats, voice_odds: LinearScore, hop: int = HOP_FRAMES, each: int | None = None
) -> list[Window]:
    """All windows of a filterbank (frames, 80), ``hop`` frames apart, the most voice-like first.

    Where the audio consists of stretches of ``each`` hops of the filterbank, no window goes over a joint.
    """
    inside = features.shape[0] if each is None else each - (FRAME - 1) // HOP
    starts = (
        joint + start
        for joint in range(0, features.shape[0], each or features.shape[0] or 1)
        for start in range(0, inside - WINDOW_FRAMES + 1, hop)
    )
    return sorted(
        (
            Window(start, float(voice_odds(movement(features[start : start + WINDOW_FRAMES]))))
            for start in starts
        ),
        key=lambda window: -window.odds,
    )


def choose(ranked: list[Window], most: int, hop: int = HOP_FRAMES) -> list[Window]:
    """The best ``most`` windows, those that overlap an already chosen one last; in order of time."""
    chosen: list[Window] = []
    for apart in (2 * HOP_FRAMES, hop):
        for window in ranked:
            if len(chosen) == most:
                break
            if window not in chosen and all(abs(window.frame - other.frame) >= apart for other in chosen):
                chosen.append(window)
    return sorted(chosen, key=lambda window: window.frame)
