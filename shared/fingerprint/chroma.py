"""How much of each pitch class there is, eight times a second."""

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 11_025
FRAME = 4096
HOP = 1365
"""A third of a frame: 0.124 s."""
BANDS = 12

_LOWEST_HZ, _HIGHEST_HZ = 28, 3520
_BASE_HZ = 27.5
"""A0: pitch class 0 begins at an A."""
_SMOOTHING = np.array([0.25, 0.75, 1.0, 0.75, 0.25])
_LEAST_NORM = 0.01
"""Quieter frames carry no pitch; in units of the power spectrum of samples with full scale 1."""
_BATCH = 64

Samples = NDArray[np.float32]
Features = NDArray[np.float64]


def _pitch_classes() -> tuple[int, int, NDArray[np.float32]]:
    first = max(1, round(FRAME * _LOWEST_HZ / SAMPLE_RATE))
    last = min(FRAME // 2, round(FRAME * _HIGHEST_HZ / SAMPLE_RATE))
    octaves = np.log2(np.arange(first, last) * SAMPLE_RATE / FRAME / _BASE_HZ)
    classes = (BANDS * (octaves - np.floor(octaves))).astype(int)
    return first, last, np.eye(BANDS, dtype=np.float32)[classes]


_FIRST, _LAST, _CLASS_OF_BIN = _pitch_classes()
_WINDOW = np.hamming(FRAME).astype(np.float32)


def pitch_energies(samples: Samples) -> Features:
    """Energy by pitch class of every whole frame in mono samples at 11,025 Hz, (frames, 12)."""
    if samples.size < FRAME:
        return np.empty((0, BANDS))
    frames = np.lib.stride_tricks.sliding_window_view(samples, FRAME)[::HOP]
    parts = []
    for start in range(0, len(frames), _BATCH):
        spectra = np.fft.rfft(frames[start : start + _BATCH] * _WINDOW, axis=1)[:, _FIRST:_LAST]
        parts.append((spectra.real**2 + spectra.imag**2) @ _CLASS_OF_BIN)
    return np.concatenate(parts).astype(np.float64)


def chroma(energies: Features) -> Features:
    """Smoothed over five frames and scaled to length one, (frames - 4, 12); zeros where it is silent."""
    taps = len(_SMOOTHING)
    if len(energies) < taps:
        return np.empty((0, BANDS))
    smooth = np.lib.stride_tricks.sliding_window_view(energies, taps, axis=0) @ _SMOOTHING
    norm = np.linalg.norm(smooth, axis=1, keepdims=True)
    return np.asarray(np.where(norm < _LEAST_NORM, 0.0, smooth / np.maximum(norm, _LEAST_NORM)))
