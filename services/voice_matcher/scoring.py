"""Making scores comparable: centring by domain, adaptive symmetric normalisation, fusion of two networks.

A raw cosine means something else under a band than on a dry voice: over nine conditions its threshold for 1 %
false matches moves from 0.68 to 0.86. Two corrections make one threshold serve. *Centring* subtracts the mean
of uploads from the track's embeddings and the mean of references from the artists'. *AS-norm* (Matějka et
al., Interspeech 2017) expresses a score in standard deviations above what the most similar voices of a
cohort of strangers get, once seen from the track and once from the artist, and averages the two.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.voice_matcher.embedding import unit
from services.voice_matcher.fbank import Floats
from services.voice_matcher.voice_activity import LinearScore

NEAREST = 400
"""How many of the most similar cohort voices a score is compared with: all of a small cohort. Of 196
strangers the nearest 20, 40 or 80 found fewer voices at the same rate of false matches."""

Scores = NDArray[np.float64]


@dataclass(frozen=True)
class Background:
    """One network's view of strangers.

    ``upload_mean`` and ``reference_mean`` are (d,). ``whitening`` is (d, d): it shrinks the directions in
    which one voice differs from itself between registers, manners and bands. ``strangers_uploaded`` and
    ``strangers_enrolled`` are unit rows (k, d), centred by the respective mean and whitened. None of them is
    the voice of a person: see the model card.

    Speech tells voices apart more sharply than singing, and different persons' scores spread wider with it:
    ``speech_excess`` is how much higher these are at the same rate of false matches, in units of the score.
    ``manner`` tells singing from speech.
    """

    upload_mean: Floats
    reference_mean: Floats
    whitening: Floats
    strangers_uploaded: Floats
    strangers_enrolled: Floats
    manner: LinearScore
    speech_excess: float

    def centre_upload(self, vectors: Floats) -> Floats:
        """Centred and whitened unit rows."""
        return self.whiten(unit(vectors - self.upload_mean))

    def centre_reference(self, vectors: Floats) -> Floats:
        """Centred and whitened unit rows."""
        return self.whiten(unit(vectors - self.reference_mean))

    def whiten(self, centred: Floats) -> Floats:
        return unit(centred @ self.whitening)

    def excess(self, windows: Floats) -> float:
        """What a track's scores owe to its being spoken, from its windows as embedded."""
        spoken = 1.0 / (1.0 + np.exp(self.manner(windows)))
        return self.speech_excess * float(spoken.mean())


@dataclass(frozen=True)
class Level:
    """What the most similar strangers score: mean and standard deviation, one value per row."""

    mean: Scores
    deviation: Scores

    @classmethod
    def of(cls, scores: NDArray[np.floating]) -> "Level":
        """From scores against the cohort, (rows, k)."""
        nearest = np.sort(np.asarray(scores, np.float64), axis=1)[:, -NEAREST:]
        return cls(nearest.mean(1), np.maximum(nearest.std(1), 1e-6))


def enrolled_level(artists: Floats, background: Background) -> Level:
    """How strangers' uploads score against each artist; ``artists`` are centred unit rows (a, d)."""
    return Level.of(artists @ background.strangers_uploaded.T)


def top_half(scores: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Which windows count, per column of (windows, columns): the better half, at least one."""
    kept = (scores.shape[0] + 1) // 2
    order = np.argsort(np.argsort(-scores, axis=0, kind="stable"), axis=0, kind="stable")
    return np.asarray(order < kept)


def mean_of_top_half(scores: NDArray[np.floating]) -> Scores:
    kept = (scores.shape[0] + 1) // 2
    return np.asarray(np.sort(scores, axis=0)[-kept:].mean(0), np.float64)


def window_scores(windows: Floats, artists: Floats, level: Level, background: Background) -> Scores:
    """Normalised score of every window against every artist, (windows, artists).

    The normalisation is the track's, so the mean over the counted windows is the track's own score.
    """
    centred = background.centre_upload(windows)
    track = Level.of(mean_of_top_half(centred @ background.strangers_enrolled.T)[None])
    raw = np.asarray(centred @ artists.T, np.float64)
    from_track: Scores = (raw - track.mean[0]) / track.deviation[0]
    from_artist: Scores = (raw - level.mean) / level.deviation
    scores: Scores = (from_track + from_artist) / 2 - background.excess(windows)
    return scores


def fuse(scores: Mapping[str, Scores], weights: Mapping[str, float]) -> Scores:
    """Weighted sum over networks; the weights sum to one."""
    fused: Scores = np.sum([weights[network] * scores[network] for network in weights], axis=0)
    return fused
