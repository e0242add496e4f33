"""The middle of the stereo image, where lead vocals are mixed."""

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from services.voice_matcher.fbank import Floats

_FRAME = 1024
_HOP = 512
_THRESHOLD = 0.6
"""Similarity of left and right below which a time-frequency bin is taken as side, not centre."""


def to_mid(channels: NDArray[np.float32]) -> Floats:
    """(frames, channels) to mono: the mean of all channels."""
    count = channels.shape[1]
    return np.asarray(channels @ np.full(count, 1.0 / count, np.float32), np.float32)


def centre_channel(left: Floats, right: Floats) -> Floats:
    """Keep of the mid signal what is equal in both channels, bin by bin (16 kHz, same length out).

    The mask is ((s - 0.6) / 0.4)^2 on s = 2 Re(L R*) / (|L|^2 + |R|^2), zero below 0.6: 1 for equal channels,
    so a mono recording passes unchanged.
    """
    size = left.size
    if size < _FRAME:
        return np.asarray((left + right) / 2, np.float32)
    window = np.sqrt(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_FRAME) / _FRAME)).astype(np.float32)
    padding = (_FRAME, _FRAME + (-size) % _HOP)
    spectra = [
        fft.rfft(
            np.lib.stride_tricks.sliding_window_view(np.pad(side, padding), _FRAME)[::_HOP] * window, axis=1
        )
        for side in (left, right)
    ]
    likeness = 2 * (spectra[0] * spectra[1].conj()).real
    likeness /= np.abs(spectra[0]) ** 2 + np.abs(spectra[1]) ** 2 + np.float32(1e-12)
    mask = np.clip((likeness - _THRESHOLD) / (1 - _THRESHOLD), 0.0, 1.0) ** 2
    frames = fft.irfft((spectra[0] + spectra[1]) / 2 * mask, axis=1) * window
    out = np.zeros(size + sum(padding), np.float32)
    for index, frame in enumerate(frames):
        out[index * _HOP : index * _HOP + _FRAME] += frame
    return out[_FRAME : _FRAME + size]
