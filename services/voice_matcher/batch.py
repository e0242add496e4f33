"""Scores of a whole batch, adapted to the batch: what its uploads and its references are like is seen in it.

A shipped background knows the recordings it was made from. Where many tracks meet many artists, the batch
tells better what an upload and a reference sound like here (for the centring) and how strangers score here
(for the normalisation): nearly every artist is a stranger to nearly every track. Few of both leave the
shipped background in force, and in between the one is shrunk towards the other.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from services.voice_matcher.domain import HeardVoice, VoiceTemplate
from services.voice_matcher.embedding import CHECKPOINT, unit
from services.voice_matcher.fbank import Floats
from services.voice_matcher.index import Yardstick
from services.voice_matcher.scoring import Background, Scores
from services.voice_matcher.voice_activity import LinearScore

ENOUGH = 20
"""Tracks, and artists, from which on a batch is its own cohort."""
_SHRINKAGE = 10.0
"""The shipped mean counts as much as this many recordings."""
_FLATTENING = 3.0
"""Added to every eigenvalue of a batch's covariance, in mean eigenvalues: a mild correction."""
_TRIMMED = 0.03
"""Share of a cohort, its highest scores, that may be the same voice and is left out; at least one score."""
_NEAREST = 20
"""How many of the most similar strangers left a score is compared with."""


def enough(artists: int, tracks: int) -> bool:
    return artists >= ENOUGH and tracks >= ENOUGH


def batch_scores(
    yardstick: Yardstick, artists: Sequence[VoiceTemplate], tracks: Sequence[HeardVoice]
) -> Scores:
    """Normalised score of every track against every artist, (tracks, artists).

    Needs ``enough`` of both. A track's score against an artist depends on who else is in the batch. Both
    networks are put side by side, so that a score is the weighted sum of two cosines, normalised once.
    """
    sides = [
        (np.float32(np.sqrt(weight)), _centred(yardstick.backgrounds[network], network, artists, tracks))
        for network, weight in yardstick.weights.items()
    ]
    enrolled = unit(np.concatenate([scale * side[0] for scale, side in sides], axis=1))
    uploaded = unit(np.concatenate([scale * side[1] for scale, side in sides], axis=1))
    flattened = flattening(np.concatenate([enrolled, uploaded]))
    raw = unit(uploaded @ flattened) @ unit(enrolled @ flattened).T
    return normalised(np.asarray(raw, np.float64))


def with_checkpoint(yardstick: Yardstick, dimensions: int, weight: float) -> Yardstick:
    """The yardstick with a third embedding, of which only the batch knows anything."""
    nobody = np.zeros((0, dimensions), np.float32)
    unknown = Background(
        upload_mean=np.zeros(dimensions, np.float32),
        reference_mean=np.zeros(dimensions, np.float32),
        whitening=np.eye(dimensions, dtype=np.float32),
        strangers_uploaded=nobody,
        strangers_enrolled=nobody,
        manner=LinearScore(np.zeros(dimensions), 0.0),
        speech_excess=0.0,
    )
    others = {network: (1.0 - weight) * own for network, own in yardstick.weights.items()}
    return replace(
        yardstick,
        backgrounds={**yardstick.backgrounds, CHECKPOINT: unknown},
        weights=others | {CHECKPOINT: weight},
    )


def _centred(
    background: Background, network: str, artists: Sequence[VoiceTemplate], tracks: Sequence[HeardVoice]
) -> tuple[Floats, Floats]:
    """Artists and tracks as unit rows, centred by the batch, whitened, and centred again."""
    voices = unit(
        np.stack([np.mean([r.vectors[network] for r in artist.references], axis=0) for artist in artists])
    )
    whole = np.stack([track.mean(network) for track in tracks])
    enrolled = background.whiten(unit(voices - shrunk_mean(voices, background.reference_mean)))
    uploaded = background.whiten(unit(whole - shrunk_mean(whole, background.upload_mean)))
    return unit(enrolled - enrolled.mean(0)), unit(uploaded - uploaded.mean(0))


def shrunk_mean(vectors: Floats, towards: Floats) -> Floats:
    """Mean of rows (n, d), as if ``towards`` had been seen some times as well."""
    return np.asarray((vectors.sum(0) + _SHRINKAGE * towards) / (len(vectors) + _SHRINKAGE), np.float32)


def flattening(vectors: Floats) -> Floats:
    """Matrix (d, d) that takes some of the excess out of the directions in which a batch spreads most.

    Those directions are register, band and microphone more than person: the inverse fourth root of the
    shrunk covariance (whitening takes the square root).
    """
    values, axes = np.linalg.eigh(np.asarray(vectors.T @ vectors, np.float64) / len(vectors))
    scales = (values + _FLATTENING * values.mean()) ** -0.25
    return np.asarray((axes * scales) @ axes.T, np.float32)


def normalised(raw: Scores) -> Scores:
    """Symmetric normalisation with the batch's other artists and other tracks as strangers."""
    by_track = _above_strangers(raw)
    by_artist = _above_strangers(raw.T).T
    return np.asarray((by_track + by_artist) / 2, np.float64)


def _above_strangers(scores: Scores) -> Scores:
    """Each row in standard deviations above its nearest strangers, its highest scores left out of these."""
    left_out = max(1, round(_TRIMMED * scores.shape[1]))
    strangers = np.sort(scores, axis=1)[:, :-left_out][:, -_NEAREST:]
    deviation = np.maximum(strangers.std(1, keepdims=True), 1e-6)
    return np.asarray((scores - strangers.mean(1, keepdims=True)) / deviation, np.float64)
