"""Every voice in several registers, alone and under a band: what of an embedding is not the person.

    python -m services.voice_matcher.training.registers FOLDER REGISTERS.pkl

``FOLDER`` is what ``assets`` made. Each voice, and two strangers made of it by moving its formants and its
pitch, is rendered as spoken and sung phrases by WORLD, clean and mixed with music. Differences between
renderings of one voice are register, manner and band. Their covariance can be learned from few persons,
because it is not about persons: directions of large covariance count less (``whitening``).
"""

import pickle
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from services.voice_matcher.embedding import CAMPPLUS, RESEMBLYZER, CamPlusPlus, Resemblyzer, unit
from services.voice_matcher.fbank import SAMPLE_RATE, log_mel
from services.voice_matcher.manifest import MODEL_FOLDER
from services.voice_matcher.mel import power_mel
from services.voice_matcher.training.casting import LEVEL, held_out
from services.voice_matcher.training.delivery import Delivery, delivered
from services.voice_matcher.training.singing import any_manner, sing
from services.voice_matcher.training.synthesiser import LINES, Synthesiser
from services.voice_matcher.training.voices import catalogue, music, segments, without_silence
from services.voice_matcher.voice_activity import HOP_FRAMES, WINDOW_FRAMES

OWN, STRANGERS = 1.0, (0.87, 1.14)
"""Factors on the formants; the strangers' pitch moves the same way."""
RENDERINGS = {OWN: 5, **dict.fromkeys(STRANGERS, 3)}
PHRASE_SECONDS, SUNG_SECONDS = 3.6, 4.6
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

    def record(
        self,
        person: str,
        voice: str,
        found: list[np.ndarray],
        bands: list[np.ndarray],
        rng: np.random.Generator,
    ) -> list[Rendering]:
        return [
            rendering
            for shift, count in RENDERINGS.items()
            for take in range(count)
            for rendering in self._take(person, voice, shift, take, found, bands, rng)
        ]

    def _take(
        self,
        person: str,
        voice: str,
        shift: float,
        take: int,
        found: list[np.ndarray],
        bands: list[np.ndarray],
        rng: np.random.Generator,
    ) -> list[Rendering]:
        """A phrase, alone and mixed; the first take of each voice is near to speech."""
        phrase, manner = found[rng.integers(len(found))], any_manner(rng)
        size = int(PHRASE_SECONDS * SAMPLE_RATE)
        start = int(rng.integers(0, max(1, phrase.size - size + 1)))
        if take == 0:
            manner = replace(manner, semitones=0.0, vibrato=0.0, stretch=1.0, brightness=0.0)
        moved = 3.0 * np.sign(shift - OWN)
        manner = replace(manner, formants=manner.formants * shift, semitones=manner.semitones + moved)
        sung = sing(phrase[start : start + size], manner, rng)[: int(SUNG_SECONDS * SAMPLE_RATE)]
        sung = (sung * (LEVEL / (np.sqrt((sung**2).mean()) + 1e-9))).astype(np.float32)
        band = bands[int(rng.integers(len(bands)))]
        mixed = delivered(sung, band, Delivery("mixed", float(rng.uniform(-3.0, 10.0))), rng)[:, 0]
        return [
            Rendering(person, voice, shift, take > 0, False, self.embed(sung)),
            Rendering(person, voice, shift, take > 0, True, self.embed(mixed)),
        ]


def main() -> int:
    folder, out = Path(sys.argv[1]), Path(sys.argv[2])
    studio, rng, made = Studio(), np.random.default_rng(99), []
    bands = [band for name, band in music(folder / "debian", 30.0, 120) if not held_out(name)]
    for voice in catalogue(folder / "debian"):
        if found := segments(voice):
            made += studio.record(voice.person, voice.name, found, bands, rng)
            print(voice.name, len(made), flush=True)
    synthesiser = Synthesiser(folder / "kokoro")
    for name, style in synthesiser.voices.items():
        lines = [LINES[line] for line in rng.permutation(len(LINES))[:2]]
        found = [without_silence(synthesiser.say(line, style)) for line in lines]
        made += studio.record(f"kokoro/{name}", f"kokoro/{name}", found, bands, rng)
        print(name, len(made), flush=True)
    with out.open("wb") as file:
        pickle.dump(made, file)
    return 0


if __name__ == "__main__":
    from services.voice_matcher.training import registers  # noqa: PLW0406 - pickled under its name, not __main__'s

    sys.exit(registers.main())
