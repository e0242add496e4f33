"""Voices in embedding space and ears that hear what they are told, for specifications without audio."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from services.voice_matcher.domain import (
    Calibration,
    HeardVoice,
    NotHeard,
    ReferenceVoice,
    VoiceTemplate,
)
from services.voice_matcher.ears import Failing, Failure, Listening
from services.voice_matcher.embedding import DIMENSIONS, unit
from services.voice_matcher.fbank import Floats
from services.voice_matcher.index import Yardstick
from services.voice_matcher.listening import Effort
from services.voice_matcher.scoring import Background
from services.voice_matcher.voice_activity import LinearScore, Window

CALIBRATION = Calibration(
    match=6.0, possible=4.0, slope=2.0, intercept=-6.0, prior=0.01, impostor_trials=1000, target_trials=100
)


def directions(rows: int, network: str, seed: int) -> Floats:
    """Unit rows that point anywhere."""
    return unit(np.random.default_rng(seed).normal(size=(rows, DIMENSIONS[network])))


def yardstick(seed: int = 1) -> Yardstick:
    backgrounds = {
        network: Background(
            upload_mean=directions(1, network, seed)[0] * np.float32(0.1),
            reference_mean=directions(1, network, seed + 1)[0] * np.float32(0.1),
            whitening=np.eye(DIMENSIONS[network], dtype=np.float32),
            manner=LinearScore(np.zeros(DIMENSIONS[network]), 0.0),
            speech_excess=0.0,
            strangers_uploaded=directions(120, network, seed + 2),
            strangers_enrolled=directions(120, network, seed + 3),
        )
        for network in DIMENSIONS
    }
    return Yardstick(backgrounds, {"campplus": 0.7, "resemblyzer": 0.3}, CALIBRATION)


@dataclass(frozen=True)
class Singer:
    """A point in each network's space; ``seed`` tells singers apart."""

    seed: int

    def vectors(self) -> Mapping[str, Floats]:
        return {network: directions(1, network, 1000 + self.seed)[0] for network in DIMENSIONS}

    def heard(self, windows: int = 6, noise: float = 0.02, seed: int = 0) -> HeardVoice:
        rng = np.random.default_rng(seed)
        embeddings = {
            network: unit(vector + noise * rng.normal(size=(windows, vector.size)))
            for network, vector in self.vectors().items()
        }
        return HeardVoice(tuple(Window(300 * k, 3.0) for k in range(windows)), embeddings, odds=3.0)

    def template(self, artist_id: str) -> VoiceTemplate:
        voice = ReferenceVoice(f"trackgate://{artist_id}", "0" * 64, 12.0, self.vectors())
        return VoiceTemplate(artist_id, artist_id.title(), (voice,))


@dataclass
class ToldEars:
    """Ears that hear in a file what was put there; a file of which nothing was said kills them twice."""

    holds: dict[str, HeardVoice | NotHeard | Failure] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def listen(self, path: Path, effort: Effort, *, sha256: str) -> Listening:  # noqa: ARG002 - told by hash
        self.asked.append(sha256)
        return Listening(self.holds.get(sha256, Failure(Failing.CRASHED, "died twice")), cpu_seconds=0.5)
