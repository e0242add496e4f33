"""Two published detectors, to measure beside ours: written from their descriptions, with none of their code.

`bins` is the input of a logistic regression over the bins of the averaged residual spectrum (Afchar et al.
2025, arXiv 2506.19108); `comb_autocorrelation` is a training-free score of spectral periodicity at the frame
rates of six decoders against other lags (described by Prokopiou 2026).
"""

import numpy as np
import scipy.ndimage
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from services.ai_detector.spectrum import Spectra

Array = NDArray[np.float64]

_GRID_HZ = 44_100 / 16_384
_BAND_HZ = (1000.0, 7600.0)  # what files at 16 kHz carry too; the paper takes 1-8 kHz for these
_HULL_BINS = 10
_CLIP_DB = 5.0
_FUNDAMENTALS_HZ = (21.53, 50.0, 75.0, 86.13, 93.75, 100.0)
_MULTIPLES = (1, 2, 3, 4)
_MEDIAN_BINS = 5
_APART = 0.02  # a lag nearer than this to a decoder's multiple is not part of the null


def bins(spectra: Spectra) -> Array:
    """Height above the lower hull at fixed frequencies, clipped at 5 dB and divided by its maximum."""
    mid, _ = spectra.whole()
    wanted = np.arange(_BAND_HZ[0], _BAND_HZ[1], _GRID_HZ)
    decibels = np.interp(wanted, np.arange(mid.size) * spectra.bin_hz, mid)
    lowest = scipy.ndimage.minimum_filter1d(decibels, _HULL_BINS)
    at = np.flatnonzero(decibels == lowest)
    hull = np.interp(np.arange(decibels.size), at, decibels[at])
    above = np.clip(decibels - hull, 0.0, _CLIP_DB)
    return np.asarray(above / max(float(above.max()), 1e-9))


def fitted(table: Array, generated: NDArray[np.bool_]) -> LogisticRegression:
    """The regression as published: both classes weighed alike, otherwise scikit-learn's defaults."""
    return LogisticRegression(class_weight="balanced", max_iter=500).fit(table, generated)


def comb_autocorrelation(spectra: Spectra) -> float:
    """Greatest autocorrelation at the decoders' lags less the greatest at other lags; higher is generated."""
    mid, _ = spectra.whole()
    band = mid[int(1000 / spectra.bin_hz) :].astype(np.float64)
    residual = band - scipy.ndimage.median_filter(band, _MEDIAN_BINS)
    residual -= residual.mean()
    size = 2 * residual.size
    correlation = np.fft.irfft(np.abs(np.fft.rfft(residual, size)) ** 2)[: residual.size]
    correlation /= max(float(correlation[0]), 1e-12)
    lags = np.arange(residual.size) * spectra.bin_hz
    known = np.array([f * m for f in _FUNDAMENTALS_HZ for m in _MULTIPLES])
    distance = np.abs(lags[:, None] / known - 1).min(axis=1)
    reach = (lags >= known.min() * (1 - _APART)) & (lags <= known.max() * (1 + _APART))
    null = reach & (distance > _APART)
    near = np.rint(known / spectra.bin_hz).astype(int)
    at_known = max(float(correlation[lag - 1 : lag + 2].max()) for lag in near if lag + 2 < correlation.size)
    return at_known - float(correlation[null].max())
