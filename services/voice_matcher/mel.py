"""Power mel spectrogram at 16 kHz: the input of Resemblyzer's encoder.

What ``librosa.feature.melspectrogram(sr=16000, n_fft=400, hop_length=160, n_mels=40)`` gives, with its
default Hann window, Slaney mel scale and area normalisation, except that only whole frames are taken (no
padding), so that frame k covers the same samples as frame k of ``fbank``. The encoder was trained on power,
not its logarithm, of speech at -30 dBFS or louder: level matters.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from services.voice_matcher.fbank import FRAME, SAMPLE_RATE, Floats, frame_count, frames_in_blocks

CHANNELS = 40

_BREAK_HZ = 1000.0
_HZ_PER_MEL = 200.0 / 3.0
_LOG_STEP = np.log(6.4) / 27.0


def _mel(hertz: float) -> float:
    if hertz < _BREAK_HZ:
        return hertz / _HZ_PER_MEL
    return _BREAK_HZ / _HZ_PER_MEL + float(np.log(hertz / _BREAK_HZ) / _LOG_STEP)


def _hertz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    linear = mel * _HZ_PER_MEL
    logarithmic = _BREAK_HZ * np.exp(_LOG_STEP * (mel - _BREAK_HZ / _HZ_PER_MEL))
    return np.where(linear < _BREAK_HZ, linear, logarithmic)


@cache
def _weights() -> Floats:
    """Slaney-normalised triangles, (201, 40)."""
    edges = _hertz(np.linspace(0.0, _mel(SAMPLE_RATE / 2), CHANNELS + 2))
    bins = np.arange(FRAME // 2 + 1)[:, None] * (SAMPLE_RATE / FRAME)
    rising = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    return (triangles * (2.0 / (edges[2:] - edges[:-2]))).astype(np.float32)


@cache
def _window() -> Floats:
    return (0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(FRAME) / FRAME)).astype(np.float32)


def power_mel(signal: Floats) -> Floats:
    """Mono ``signal`` in [-1, 1] to (frames, 40); (0, 40) when shorter than a frame."""
    if frame_count(signal.size) == 0:
        return np.empty((0, CHANNELS), np.float32)
    return np.concatenate([_power_mel(frames) for frames in frames_in_blocks(signal)])


def _power_mel(frames: Floats) -> Floats:
    spectrum = fft.rfft(frames * _window(), axis=1)
    power = spectrum.real**2 + spectrum.imag**2
    return np.asarray(power @ _weights(), np.float32)
