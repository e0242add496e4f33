"""Which voices are worth an exact score: 512 signs for each, compared by the bits that differ.

The share of differing signs of random projections is the angle over pi (Goemans and Williamson, 1995;
Charikar, STOC 2002), so nearest in Hamming distance is nearest in angle, up to a standard deviation of 2 % of
the bits. A scan of all signs needs no training, misses nothing by a wrong turn as trees and graphs do, and
takes a new voice or the loss of one at once. 64 bytes a voice: a core reads a million of them in 2.4 ms.
"""

from collections.abc import Mapping

import faiss
import numpy as np
from numpy.typing import NDArray

from services.voice_matcher.embedding import unit
from services.voice_matcher.fbank import Floats
from services.voice_matcher.scoring import Background, enrolled_level

BITS = 512
"""The width at which FAISS compares fastest; 448 bits take longer than these."""
SHORTLIST = 1000
"""Voices a query keeps. In a million that is the 0.1 % most alike: whoever is beyond is below any threshold
for a match that was set at 0.1 % of false matches."""

Codes = NDArray[np.uint8]

faiss.omp_set_num_threads(1)


class Sketcher:
    """From centred unit rows by network to codes of ``BITS`` bits."""

    def __init__(self, backgrounds: Mapping[str, Background], weights: Mapping[str, float]) -> None:
        """A network counts by its weight over the deviation of strangers, as it does in the fused score."""
        self._scale = {
            network: np.float32(np.sqrt(weights[network] / _deviation(backgrounds[network])))
            for network in weights
        }
        size = sum(backgrounds[network].upload_mean.size for network in weights)
        self._directions = np.random.default_rng(512).standard_normal((size, BITS), dtype=np.float32)

    def fused(self, centred: Mapping[str, Floats]) -> Floats:
        """(n, d) rows whose inner product follows the fused score of the pair."""
        return np.concatenate([centred[network] * scale for network, scale in self._scale.items()], axis=1)

    def codes(self, fused: Floats) -> Codes:
        """(n, BITS / 8)."""
        return np.packbits(fused @ self._directions > 0, axis=1)


def queries(windows: Floats) -> Floats:
    """What to look for in a recording of (w, d) fused rows: its mean, and the means of two voices in it.

    Two singers who take turns make a mean that resembles neither.
    """
    rows = unit(windows)
    mean = unit(rows.mean(0, keepdims=True))
    one = rows[np.argmin(rows @ mean[0])]
    other = rows[np.argmin(rows @ one)]
    first = rows @ one > rows @ other
    if not 0 < first.sum() < len(rows):
        return mean
    return np.concatenate([mean, rows[first].mean(0)[None], rows[~first].mean(0)[None]])


def shortlist(asked: Codes, codes: Codes) -> NDArray[np.int64]:
    """The rows of ``codes`` that differ least from any of ``asked``, each once, in order."""
    _, nearest = faiss.knn_hamming(asked, codes, min(SHORTLIST, len(codes)), variant="mc")
    found = np.unique(nearest)
    return np.asarray(found[found >= 0], np.int64)


def _deviation(background: Background) -> float:
    return float(enrolled_level(background.strangers_enrolled, background).deviation.mean())
