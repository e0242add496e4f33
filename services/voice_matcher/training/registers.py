"""Every voice in several registers, alone and under a band: what of an embedding is not the person.

    python -m services.voice_matcher.training.registers FOLDER PHRASES.npz REGISTERS.pkl

``FOLDER`` is what ``assets`` made, ``PHRASES.npz`` what the networks were adapted on. Phrases of each voice,
and of strangers made of it, are embedded clean and mixed with music. Differences between phrases of one voice
are register, manner and band. Their covariance can be learned from few persons, because it is not about
persons: directions of large covariance count less (``whitening``).
"""

import pickle
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from services.voice_matcher.embedding import CAMPPLUS, RESEMBLYZER, CamPlusPlus, Resemblyzer, unit
from services.voice_matcher.fbank import SAMPLE_RATE, log_mel
from services.voice_matcher.manifest import MODEL_FOLDER
from services.voice_matcher.mel import power_mel
from services.voice_matcher.training.delivery import Delivery, delivered
from services.voice_matcher.training.phrases import OWN, Phrase, bands, phrases
from services.voice_matcher.voice_activity import HOP_FRAMES, WINDOW_FRAMES

MOST_OWN, MOST_OF_A_STRANGER = 8, 2
"""Phrases of a voice that are embedded."""
SHRINKAGE = 2.0
"""Added to every eigenvalue, in mean eigenvalues. 0.5 to 3 were within a few points of each other on
held-out persons; smaller favours rendered singing, larger speech."""


@dataclass(frozen=True)
class Rendering:
    """``voice`` with the formant factor ``shift``; ``embeddings``: unit rows by network, one per window."""

    person: str
    voice: str
    shift: float
    sung: bool
    mixed: bool
    embeddings: dict[str, np.ndarray]

    def recording(self, network: str) -> np.ndarray:
        return unit(self.embeddings[network].mean(0))


def centred(renderings: list[Rendering], network: str) -> np.ndarray:
    """One unit row per rendering, after subtracting the mean of its condition."""
    vectors = np.stack([r.recording(network) for r in renderings])
    mixed = np.array([r.mixed for r in renderings])
    for condition in (True, False):
        vectors[mixed == condition] -= vectors[mixed == condition].mean(0)
    return unit(vectors)


def whitening(vectors: np.ndarray, voices: list[tuple[str, float]]) -> np.ndarray:
    """Inverse square root of the shrunk covariance within voices (WCCN), symmetric (d, d)."""
    spread, freedom = np.zeros((vectors.shape[1],) * 2), 0
    names = np.array([f"{voice}*{shift}" for voice, shift in voices])
    for name in np.unique(names):
        own = vectors[names == name]
        spread += (own - own.mean(0)).T @ (own - own.mean(0))
        freedom += len(own) - 1
    values, axes = np.linalg.eigh(spread / freedom)
    return np.asarray((axes * (values + SHRINKAGE * values.mean()) ** -0.5) @ axes.T)


class Studio:
    def __init__(self) -> None:
        self._campplus = CamPlusPlus((MODEL_FOLDER / "campplus.onnx").read_bytes())
        self._resemblyzer = Resemblyzer((MODEL_FOLDER / "resemblyzer.onnx").read_bytes())

    def embed(self, mono: np.ndarray) -> dict[str, np.ndarray]:
        """Mono music: the centre channel is the signal itself."""
        whole, power = log_mel(mono), power_mel(mono)
        starts = range(0, len(whole) - WINDOW_FRAMES + 1, HOP_FRAMES)
        levels = [np.sqrt((mono[s * 160 :][: 3 * SAMPLE_RATE] ** 2).mean()) for s in starts]
        windows = [slice(s, s + WINDOW_FRAMES) for s in starts]
        return {
            CAMPPLUS: self._campplus.embed(np.stack([whole[w] for w in windows])),
            RESEMBLYZER: self._resemblyzer.embed(
                np.stack([power[w] for w in windows]), np.asarray(levels, np.float32)
            ),
        }


def some(said: Iterable[Phrase]) -> Iterator[Phrase]:
    """The first phrases of every voice and stranger."""
    taken: Counter[str] = Counter()
    for phrase in said:
        taken[phrase.singer] += 1
        if taken[phrase.singer] <= (MOST_OWN if phrase.shift == OWN else MOST_OF_A_STRANGER):
            yield phrase


def main() -> int:
    folder, said, out = (Path(argument) for argument in sys.argv[1:4])
    studio, rng, made = Studio(), np.random.default_rng(99), []
    music = bands(folder / "debian")
    for phrase in some(phrases(folder, said)):
        band = music[int(rng.integers(len(music)))][:, None]
        moved = float(rng.uniform(-2.0, 2.0)) * float(rng.integers(0, 2))
        how = Delivery("mixed", float(rng.uniform(-3.0, 10.0)), semitones=moved)
        mixed = np.resize(delivered(phrase.audio, band, how, rng)[:, 0], phrase.audio.size)
        for audio, under in ((phrase.audio, False), (mixed, True)):
            embeddings = studio.embed(audio)
            made.append(Rendering(phrase.person, phrase.voice, phrase.shift, phrase.sung, under, embeddings))
    with out.open("wb") as file:
        pickle.dump(made, file)
    print(len(made), "renderings")
    return 0


if __name__ == "__main__":
    from services.voice_matcher.training import registers  # noqa: PLW0406 - pickled under its name, not __main__'s

    sys.exit(registers.main())
