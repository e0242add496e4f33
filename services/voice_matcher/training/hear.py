"""Compose tracks and let the service listen to them once: the slow half of the evaluation.

    python -m services.voice_matcher.training.hear PACKAGES CACHE.pkl HEARD.pkl

Tracks of 30 s are composed from 9 or 18 s of a voice and instrumental stereo music (or the voice stands
alone, clean). Two folds over persons and music: gates are fitted on one half and listen to the other.
"""

import pickle
import sys
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from services.voice_matcher.domain import HeardVoice, ReferenceVoice, VoiceTemplate
from services.voice_matcher.embedding import DIMENSIONS, CamPlusPlus, Resemblyzer
from services.voice_matcher.fbank import SAMPLE_RATE
from services.voice_matcher.listening import REFERENCE, Listener
from services.voice_matcher.manifest import MODEL_FOLDER
from services.voice_matcher.training.fit import gates
from services.voice_matcher.training.measure import Clip
from services.voice_matcher.training.voices import Voice, catalogue, music, segments
from services.voice_matcher.voice_activity import LinearScore

CONDITIONS = {"clean": None, "10 dB": 10.0, "5 dB": 5.0, "0 dB": 0.0}
NO_VOICE = "no voice"
TRACKS_OF_A_VOICE = 2


@dataclass
class Query:
    """A track as heard; ``voice`` is None for instrumental music, ``heard`` where no voice was found."""

    fold: int
    voice: Voice | None
    condition: str
    heard: HeardVoice | None


@dataclass
class Enrolled:
    fold: int
    voice: Voice
    template: VoiceTemplate


@dataclass
class Heard:
    enrolled: list[Enrolled] = field(default_factory=list)
    queries: list[Query] = field(default_factory=list)


def fold_of(source: str) -> int:
    """Of a person or a piece of music."""
    return zlib.crc32(source.encode()) % 2


def listener_for(number: int, clips: list[Clip]) -> Listener:
    """Ears whose gates know nobody of this fold."""
    arrays = gates([clip for clip in clips if fold_of(clip.source) != number])
    scores = [
        LinearScore(arrays[f"{name}.weights"].astype(np.float64), float(arrays[f"{name}.bias"]))
        for name in ("movement", "voice")
    ]
    return Listener(
        CamPlusPlus((MODEL_FOLDER / "campplus.onnx").read_bytes()),
        Resemblyzer((MODEL_FOLDER / "resemblyzer.onnx").read_bytes()),
        *scores,
    )


def track(voice: np.ndarray, band: np.ndarray, ratio: float | None, rng: np.random.Generator) -> np.ndarray:
    if ratio is None:
        return voice[:, None]
    start = int(rng.integers(0, len(band) - voice.size + 1))
    under = slice(start, start + voice.size)
    gain = np.sqrt((voice**2).mean()) / (np.sqrt((band[under] ** 2).mean()) + 1e-9) * 10 ** (-ratio / 20)
    whole = (band * gain).astype(np.float32)
    whole[under] += voice[:, None]
    return whole / max(1.0, float(np.abs(whole).max()))


def enrol(voice: Voice, found: list[np.ndarray], listener: Listener) -> VoiceTemplate | None:
    heard = listener.listen(np.concatenate(found)[:, None], SAMPLE_RATE, REFERENCE)
    if not isinstance(heard, HeardVoice):
        return None
    vectors = {network: heard.mean(network) for network in DIMENSIONS}
    return VoiceTemplate(voice.name, voice.name, (ReferenceVoice("-", "-", heard.seconds, vectors),))


def listen_to_fold(number: int, root: Path, clips: list[Clip], told: Heard) -> None:
    listener, rng = listener_for(number, clips), np.random.default_rng(11 + number)
    bands = [band for name, band in music(root, 30.0, 120) if fold_of(name) == number]

    def hear(stereo: np.ndarray) -> HeardVoice | None:
        heard = listener.listen(stereo, SAMPLE_RATE)
        return heard if isinstance(heard, HeardVoice) else None

    for voice in catalogue(root):
        found = segments(voice) if fold_of(voice.person) == number else []
        if not found:
            continue
        held = max(1, min(3, len(found) // 2))
        template = enrol(voice, found[:held], listener)
        assert template is not None, voice.name
        told.enrolled.append(Enrolled(number, voice, template))
        rest = found[held:]
        pairs = [np.concatenate(rest[k : k + 2]) for k in range(0, len(rest), 2)]
        for spoken in pairs[:TRACKS_OF_A_VOICE]:
            band = bands[int(rng.integers(len(bands)))]
            for condition, ratio in CONDITIONS.items():
                heard = hear(track(spoken, band, ratio, rng))
                told.queries.append(Query(number, voice, condition, heard))
        print(voice.name, flush=True)
    told.queries += [Query(number, None, NO_VOICE, hear(band)) for band in bands]


def main() -> int:
    root, cache, out = (Path(part) for part in sys.argv[1:4])
    with cache.open("rb") as file:
        clips: list[Clip] = pickle.load(file)  # noqa: S301 - our own cache
    told = Heard()
    for number in (0, 1):
        listen_to_fold(number, root, clips, told)
    with out.open("wb") as file:
        pickle.dump(told, file)
    return 0


if __name__ == "__main__":
    from services.voice_matcher.training import hear  # noqa: PLW0406 - pickled under its name, not __main__'s

    sys.exit(hear.main())
