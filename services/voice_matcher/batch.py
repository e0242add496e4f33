"""Scores of a whole batch, adapted to the batch: what its uploads and its references are like is seen in it.

A shipped background knows the recordings it was made from. Where many tracks meet many artists, the batch
tells better what an upload and a reference sound like here (for the centring) and how strangers score here
(for the normalisation): nearly every artist is a stranger to nearly every track. Few of both leave the
shipped background in force, and in between the one is shrunk towards the other.
"""

from collections.abc import Sequence

import numpy as np

from services.voice_matcher.domain import HeardVoice, VoiceTemplate
from services.voice_matcher.embedding import unit
from services.voice_matcher.fbank import Floats
from services.voice_matcher.index import Yardstick
from services.voice_matcher.scoring import Background, Level, Scores, fuse

ENOUGH = 20
"""Tracks, and artists, from which on a batch is its own cohort."""
_SHRINKAGE = 10.0
"""The shipped mean counts as much as this many recordings."""
_TRIMMED = 0.03
"""Share of a cohort, its highest scores, that may be the same voice and is left out; at least one score."""


def enough(artists: int, tracks: int) -> bool:
    return artists >= ENOUGH and tracks >= ENOUGH


def batch_scores(
    yardstick: Yardstick, artists: Sequence[VoiceTemplate], tracks: Sequence[HeardVoice]
) -> Scores:
    """Fused normalised score of every track against every artist, (tracks, artists).

    Needs ``enough`` of both. A track's score against an artist depends on who else is in the batch.
    """
    by_network = {
        network: _normalised(_raw(background, network, artists, tracks))
        for network, background in yardstick.backgrounds.items()
    }
    return fuse(by_network, yardstick.weights)


def _raw(
    background: Background, network: str, artists: Sequence[VoiceTemplate], tracks: Sequence[HeardVoice]
) -> Scores:
    """Cosine of every track against every artist after centring and flattening, (tracks, artists)."""
    voices = unit(
        np.stack([np.mean([r.vectors[network] for r in artist.references], axis=0) for artist in artists])
    )
    whole = np.stack([track.mean(network) for track in tracks])
    enrolled = unit(voices - shrunk_mean(voices, background.reference_mean))
    uploaded = unit(whole - shrunk_mean(whole, background.upload_mean))
    flattened = flattening(np.concatenate([enrolled, uploaded]))
    return np.asarray(unit(uploaded @ flattened) @ unit(enrolled @ flattened).T, np.float64)


def flattening(vectors: Floats) -> Floats:
    """Matrix (d, d) that takes half the excess out of the directions in which a batch spreads most.

    Those directions are register, band and microphone more than person: the inverse fourth root of the
    covariance (whitening takes the square root), with its mean eigenvalue added to every eigenvalue.
    """
    values, axes = np.linalg.eigh(np.asarray(vectors.T @ vectors, np.float64) / len(vectors))
    scales = (values + values.mean()) ** -0.25
    return np.asarray((axes * scales) @ axes.T, np.float32)


def shrunk_mean(vectors: Floats, towards: Floats) -> Floats:
    """Mean of rows (n, d), as if ``towards`` had been seen some times as well."""
    return np.asarray((vectors.sum(0) + _SHRINKAGE * towards) / (len(vectors) + _SHRINKAGE), np.float32)


def _normalised(raw: Scores) -> Scores:
    """Symmetric normalisation with the batch's other artists and other tracks as strangers."""
    from_track, from_artist = _strangers(raw), _strangers(raw.T)
    by_track = (raw - from_track.mean[:, None]) / from_track.deviation[:, None]
    by_artist = (raw - from_artist.mean) / from_artist.deviation
    return np.asarray((by_track + by_artist) / 2, np.float64)


def _strangers(scores: Scores) -> Level:
    """Level of each row without its highest scores."""
    left_out = max(1, round(_TRIMMED * scores.shape[1]))
    return Level.of(np.sort(scores, axis=1)[:, :-left_out])
