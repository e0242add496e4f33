"""Where in two recordings the likeness is: scores per segment, and the passages that are most alike."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from services.voice_matcher.domain import HeardVoice, VoiceTemplate
from services.voice_matcher.embedding import unit
from services.voice_matcher.index import Yardstick
from services.voice_matcher.scoring import Scores, enrolled_level, fuse, window_scores
from services.voice_matcher.voice_activity import Window

FUSED = "fused"


@dataclass(frozen=True)
class Likeness:
    """A passage of the track and one of a reference that are alike; ``cosines`` are centred, by network."""

    heard: Window
    reference: str
    enrolled: Window
    cosines: Mapping[str, float]


def segment_scores(yardstick: Yardstick, artist: VoiceTemplate, heard: HeardVoice) -> dict[str, list[float]]:
    """Normalised score of every window of ``heard``: by network, and ``fused``."""
    by_network: dict[str, Scores] = {}
    for network in yardstick.weights:
        background = yardstick.backgrounds[network]
        voice = unit(np.mean([r.vectors[network] for r in artist.references], axis=0))[None]
        rows = background.centre_reference(voice)
        level = enrolled_level(rows, background)
        by_network[network] = window_scores(heard.embeddings[network], rows, level, background)[:, 0]
    fused = {FUSED: fuse(by_network, yardstick.weights)}
    return {name: [float(value) for value in values] for name, values in (by_network | fused).items()}


def alike(
    yardstick: Yardstick, heard: HeardVoice, references: Mapping[str, HeardVoice], *, at_most: int
) -> list[Likeness]:
    """The most alike pairs of passages, best first; each passage of the track is named once."""
    pairs: list[tuple[float, Likeness]] = []
    for name, reference in references.items():
        cosines = {
            network: yardstick.backgrounds[network].centre_upload(heard.embeddings[network])
            @ yardstick.backgrounds[network].centre_reference(reference.embeddings[network]).T
            for network in yardstick.weights
        }
        fused = fuse({n: np.asarray(c, np.float64) for n, c in cosines.items()}, yardstick.weights)
        for row, column in enumerate(fused.argmax(1)):
            told = {network: float(values[row, column]) for network, values in cosines.items()}
            likeness = Likeness(heard.windows[row], name, reference.windows[column], told)
            pairs.append((float(fused[row, column]), likeness))
    best: dict[Window, Likeness] = {}
    for _, likeness in sorted(pairs, key=lambda pair: -pair[0]):
        best.setdefault(likeness.heard, likeness)
    return list(best.values())[:at_most]
