"""The voices of all protected artists, in memory. A snapshot never changes: a change makes a new one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from services.voice_matcher.domain import (
    ArtistScore,
    Calibration,
    HeardVoice,
    VoiceTemplate,
    WindowScore,
)
from services.voice_matcher.embedding import DIMENSIONS
from services.voice_matcher.fbank import Floats
from services.voice_matcher.scoring import (
    Background,
    Level,
    Scores,
    enrolled_level,
    fuse,
    top_half,
    window_scores,
)

MOST_PASSAGES = 5


@dataclass(frozen=True)
class Yardstick:
    """What turns embeddings into verdicts: backgrounds and fusion weights by network, and the calibration."""

    backgrounds: Mapping[str, Background]
    weights: Mapping[str, float]
    calibration: Calibration


@dataclass(frozen=True)
class _Rows:
    """One network's artists: centred unit rows (a, d) and how strangers score against each."""

    vectors: Floats
    level: Level


class VoiceIndex:
    """Templates by artist and their matrices."""

    def __init__(self, yardstick: Yardstick, templates: Mapping[str, VoiceTemplate] | None = None) -> None:
        self._yardstick = yardstick
        self._templates = dict(templates or {})
        self._rows = {network: self._stack(network) for network in yardstick.weights}

    @property
    def artists(self) -> frozenset[str]:
        return frozenset(self._templates)

    def __len__(self) -> int:
        return len(self._templates)

    def with_template(self, template: VoiceTemplate) -> Self:
        return type(self)(self._yardstick, self._templates | {template.artist_id: template})

    def without(self, artist_id: str) -> Self:
        return type(self)(self._yardstick, {k: v for k, v in self._templates.items() if k != artist_id})

    def search(self, heard: HeardVoice) -> tuple[ArtistScore, ...]:
        """Every artist with its own verdict, the highest score first."""
        if not self._templates:
            return ()
        by_network = {
            network: window_scores(
                heard.embeddings[network],
                self._rows[network].vectors,
                self._rows[network].level,
                self._yardstick.backgrounds[network],
            )
            for network in self._yardstick.weights
        }
        fused = fuse(by_network, self._yardstick.weights)
        counted = top_half(fused)
        track = np.where(counted, fused, 0.0).sum(0) / counted.sum(0)
        artists = list(self._templates.values())
        return tuple(
            self._score(artists[column], float(track[column]), fused[:, column], heard)
            for column in np.argsort(-track, kind="stable")
        )

    def _score(
        self, template: VoiceTemplate, score: float, windows: Scores, heard: HeardVoice
    ) -> ArtistScore:
        calibration = self._yardstick.calibration
        best = sorted(np.argsort(-windows, kind="stable")[:MOST_PASSAGES])
        return ArtistScore(
            artist_id=template.artist_id,
            verdict=calibration.verdict(score),
            score=score,
            probability=calibration.probability(score),
            reference=self._most_like(template, heard),
            passages=tuple(
                WindowScore(heard.windows[i].start, heard.windows[i].end, float(windows[i])) for i in best
            ),
        )

    def _most_like(self, template: VoiceTemplate, heard: HeardVoice) -> str:
        def likeness(index: int) -> float:
            vectors = template.references[index].vectors
            return sum(
                weight * float(vectors[network] @ heard.mean(network))
                for network, weight in self._yardstick.weights.items()
            )

        return template.references[max(range(len(template.references)), key=likeness)].uri

    def _stack(self, network: str) -> _Rows:
        background = self._yardstick.backgrounds[network]
        means = [
            np.mean([reference.vectors[network] for reference in template.references], axis=0)
            for template in self._templates.values()
        ]
        vectors = np.reshape(np.asarray(means, np.float32), (-1, DIMENSIONS[network]))
        centred = background.centre_reference(vectors)
        return _Rows(centred, enrolled_level(centred, background))
