"""Kaldi-compatible log mel filterbank at 16 kHz: the input of CAM++.

25 ms frames every 10 ms, only whole frames (snip_edges), mean removed per frame, pre-emphasis 0.97, Povey
window, 512-point power spectrum, 80 triangles on the mel scale 1127 ln(1 + f/700) from 20 Hz to 8 kHz,
natural logarithm, no dither, samples in [-1, 1]: the options under which CAM++ was trained. The tests compare
with kaldi-native-fbank.
"""

from collections.abc import Iterator
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import fft

SAMPLE_RATE = 16_000
FRAME = 400
HOP = 160
BINS = 80

_FFT = 512
_BLOCK = 500
"""Frames worked on at a time: they stay in the processor's cache."""
_LOWEST_HZ = 20.0
_PRE_EMPHASIS = np.float32(0.97)
_POVEY_EXPONENT = 0.85
_FLOOR = np.finfo(np.float32).eps

Floats = NDArray[np.float32]


@cache
def _window() -> Floats:
    phase = 2.0 * np.pi * np.arange(FRAME) / (FRAME - 1)
    window: NDArray[np.float64] = (0.5 - 0.5 * np.cos(phase)) ** _POVEY_EXPONENT
    return window.astype(np.float32)


def _mel(hertz: NDArray[np.floating] | float) -> NDArray[np.float64]:
    return np.asarray(1127.0 * np.log1p(np.asarray(hertz) / 700.0))


@cache
def _triangles() -> Floats:
    """Mel weights, (257, 80)."""
    edges = np.linspace(_mel(_LOWEST_HZ), _mel(SAMPLE_RATE / 2), BINS + 2)
    centres = _mel(np.arange(_FFT // 2 + 1) * (SAMPLE_RATE / _FFT))[:, None]
    rising = (centres - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - centres) / (edges[2:] - edges[1:-1])
    weights = np.maximum(0.0, np.minimum(rising, falling))
    weights[-1] = 0.0  # Kaldi leaves the Nyquist bin out
    return weights.astype(np.float32)


def frame_count(samples: int) -> int:
    """How many whole frames lie in ``samples`` samples."""
    return 0 if samples < FRAME else 1 + (samples - FRAME) // HOP


def frames_in_blocks(signal: Floats) -> Iterator[Floats]:
    """The whole frames of a signal, some seconds at a time: a track's frames at once are 5 times its size."""
    frames = np.lib.stride_tricks.sliding_window_view(signal.astype(np.float32, copy=False), FRAME)[::HOP]
    for start in range(0, len(frames), _BLOCK):
        yield frames[start : start + _BLOCK]


def log_mel(signal: Floats) -> Floats:
    """Filterbank of mono ``signal`` at 16 kHz, shape (frames, 80); (0, 80) when shorter than a frame."""
    if frame_count(signal.size) == 0:
        return np.empty((0, BINS), np.float32)
    return np.concatenate([_log_mel(frames) for frames in frames_in_blocks(signal)])


def _log_mel(frames: Floats) -> Floats:
    frames = frames - frames.mean(1, keepdims=True)
    emphasised = np.empty_like(frames)
    emphasised[:, 1:] = frames[:, 1:] - _PRE_EMPHASIS * frames[:, :-1]
    emphasised[:, 0] = frames[:, 0] * (1 - _PRE_EMPHASIS)
    emphasised *= _window()
    spectrum = fft.rfft(emphasised, _FFT, axis=1)
    power = spectrum.real**2 + spectrum.imag**2
    return np.asarray(np.log(np.maximum(power @ _triangles(), _FLOOR)), np.float32)
