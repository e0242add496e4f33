"""Whether recordings are fit to be somebody's references: how much voice, whose, and near to whom.

The two limits were measured with the models 2026.11-singing-5 on 48 persons (speech, no music): the halves of
one recording, and two recordings of one person, against recordings of two. Singing moves further within one
voice than speech, so what goes under a limit is a doubt for a person and never a refusal.
"""

from collections.abc import Mapping, Sequence
from statistics import NormalDist

import numpy as np

from services.voice_matcher.domain import ArtistScore, Calibration, HeardVoice
from services.voice_matcher.fbank import Floats
from services.voice_matcher.index import VoiceIndex, Yardstick
from services.voice_matcher.voice_activity import Window
from shared.events import Neighbour

LITTLE_VOICE_SECONDS = 10.0
"""Of all recordings of a group together. Below it the template depends on which words were recorded."""
ONE_VOICE = 0.25
"""Similarity of a recording's two most different halves: below it in 0 of 98 recordings of one person and in
99 of 100 that are half another's."""
SAME_VOICE = 0.3
"""Similarity of two recordings of nine seconds: below it in 8 of 340 pairs of one person and in 98 % of 1,128
pairs of two."""
MOST_NEIGHBOURS = 5
_LEAST_WINDOWS = 4
_STANDARD = NormalDist()


def holds_several_voices(heard: HeardVoice, yardstick: Yardstick) -> bool:
    """Whether the windows fall into two parts that are unlike each other. Too few windows: no opinion."""
    if len(heard.windows) < _LEAST_WINDOWS:
        return False
    likeness = _likeness(heard.embeddings, heard.embeddings, yardstick)
    centred = likeness - likeness.mean(0) - likeness.mean(1)[:, None] + likeness.mean()
    side = np.linalg.eigh(centred)[1][:, -1] > 0.0
    if side.all() or not side.any():
        return False
    return bool(likeness[np.ix_(side, ~side)].mean() < ONE_VOICE)


def unlike_the_others(voices: Sequence[HeardVoice], yardstick: Yardstick) -> tuple[bool, ...]:
    """For each recording of a group, whether it is unlike the mean of the others. One alone is never."""
    means = {network: np.stack([voice.mean(network) for voice in voices]) for network in yardstick.weights}
    answers = []
    for index in range(len(voices)):
        others = [other for other in range(len(voices)) if other != index]
        if not others:
            return (False,)
        rest = {network: rows[others].mean(0, keepdims=True) for network, rows in means.items()}
        own = {network: rows[index : index + 1] for network, rows in means.items()}
        answers.append(bool(_likeness(own, rest, yardstick)[0, 0] < SAME_VOICE))
    return tuple(answers)


def neighbours(
    groups: Sequence[Sequence[HeardVoice]], artist_id: str, index: VoiceIndex, calibration: Calibration
) -> tuple[Neighbour, ...]:
    """Who of those enrolled is nearest to any of the groups, as a track with that voice would be scored."""
    best: dict[str, ArtistScore] = {}
    for voices in groups:
        for found in index.search(_as_one(voices), at_most=MOST_NEIGHBOURS + 1):
            known = best.get(found.artist_id)
            if found.artist_id != artist_id and (known is None or found.score > known.score):
                best[found.artist_id] = found
    nearest = sorted(best.values(), key=lambda found: -found.score)[:MOST_NEIGHBOURS]
    return tuple(
        Neighbour(
            artist_id=found.artist_id,
            percentile=round(percentile(found.score, calibration), 2),
            verdict=found.verdict.value,
        )
        for found in nearest
    )


def percentile(score: float, calibration: Calibration) -> float:
    """The share of different voices, in percent, that score lower.

    Read off the normal curve through the two points that were measured: 99 % score below ``possible``, 99.9 %
    below ``match``.
    """
    low, high = _STANDARD.inv_cdf(0.99), _STANDARD.inv_cdf(0.999)
    deviation = max(calibration.match - calibration.possible, 1e-6) / (high - low)
    return 100.0 * _STANDARD.cdf(low + (score - calibration.possible) / deviation)


def _as_one(voices: Sequence[HeardVoice]) -> HeardVoice:
    """A track that is made of the recordings: one window for each."""
    networks = voices[0].embeddings.keys()
    embeddings = {network: np.stack([voice.mean(network) for voice in voices]) for network in networks}
    windows = tuple(Window(300 * number, 0.0) for number in range(len(voices)))
    return HeardVoice(windows, embeddings, odds=0.0)


def _likeness(one: Mapping[str, Floats], other: Mapping[str, Floats], yardstick: Yardstick) -> Floats:
    """Fused cosine of every row with every row, centred as references are."""
    total = np.zeros(1, np.float32)
    for network, weight in yardstick.weights.items():
        background = yardstick.backgrounds[network]
        left = background.centre_reference(one[network])
        right = background.centre_reference(other[network])
        total = total + np.float32(weight) * (left @ right.T)
    return np.asarray(total, np.float32)
