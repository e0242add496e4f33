"""How exactly a track repeats itself, sample for sample.

A sequenced production plays the same sample twice; a decoder never makes the same wave twice, however alike
the bars sound. Strong evidence for people where it is found, and none for machines where it is not: live
players do not repeat either.
"""

from typing import Final

import numpy as np
import scipy.fft
import scipy.ndimage
import soxr
from numpy.typing import NDArray

Floats = NDArray[np.float32]

NAMES: Final = ("repeat_usual", "repeat_often", "repeat_best")
_RATE = 4000
_BAND_HZ = (150.0, 1500.0)
_MOST_SECONDS = 45.0
_FEWEST_SECONDS = 8.0
_PROBE_SECONDS = 0.5
_PROBES = 8
_APART_SECONDS = 0.4  # nearer than this a held note resembles itself
_WHITEN_HZ = 40.0


def repeats(pcm: Floats, rate: int) -> Floats:
    """Median, upper quartile and maximum over eight probes of the best correlation elsewhere, 0..1.

    Of PCM (samples, channels) only the middle 45 seconds are searched; NaN for less than eight seconds or for
    silence.
    """
    if pcm.shape[0] < _FEWEST_SECONDS * rate:
        return np.full(len(NAMES), np.nan, dtype=np.float32)
    spare = max(pcm.shape[0] - int(_MOST_SECONDS * rate), 0) // 2
    middle = pcm[spare : pcm.shape[0] - spare]
    mid = middle @ np.full(middle.shape[1], 1.0 / middle.shape[1], np.float32)
    slow = soxr.resample(mid, rate, _RATE, quality="LQ")
    flat = _whitened(slow)
    width = int(_PROBE_SECONDS * _RATE)
    energy = np.concatenate([[0.0], np.cumsum(np.square(flat, dtype=np.float64))])
    window_energy = energy[width:] - energy[:-width]
    if window_energy.max() <= 0:
        return np.full(len(NAMES), np.nan, dtype=np.float32)
    size = scipy.fft.next_fast_len(flat.size + width, real=True)
    spectrum = scipy.fft.rfft(flat, n=size)
    floor = 0.05 * float(window_energy.max())
    found = []
    for stretch in np.array_split(np.arange(window_energy.size), _PROBES):
        start = int(stretch[np.argmax(window_energy[stretch])])
        probe = scipy.fft.rfft(flat[start : start + width], n=size)
        product = scipy.fft.irfft(spectrum * np.conj(probe), n=size)[: window_energy.size]
        alike = np.abs(product) / np.sqrt(
            np.maximum(window_energy, floor) * max(float(window_energy[start]), floor)
        )
        apart = int(_APART_SECONDS * _RATE) + width
        alike[max(start - apart, 0) : start + apart] = 0.0
        found.append(float(alike.max()))
    return np.array([np.median(found), np.quantile(found, 0.75), np.max(found)], dtype=np.float32)


def _whitened(signal: Floats) -> Floats:
    """The signal with its long-term spectrum made flat between the band's edges and nothing outside."""
    size = scipy.fft.next_fast_len(signal.size, real=True)
    spectrum = scipy.fft.rfft(signal, n=size)
    bin_hz = _RATE / size
    magnitude = np.abs(spectrum)
    smooth = scipy.ndimage.uniform_filter1d(magnitude, max(int(_WHITEN_HZ / bin_hz), 1), mode="nearest")
    hertz = np.arange(spectrum.size) * bin_hz
    inside = (hertz > _BAND_HZ[0]) & (hertz < _BAND_HZ[1])
    gain = np.where(inside, 1.0 / np.maximum(smooth, 1e-6 * max(float(magnitude.max()), 1e-20)), 0.0)
    return scipy.fft.irfft(spectrum * gain, n=size)[: signal.size].astype(np.float32)
