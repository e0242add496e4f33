"""Who speaks and sings what in the evaluation: one reference and several other recordings of every voice.

Real voices are the speakers of Debian packages, synthetic ones those of Kokoro. Systems: ``genuine`` (a real
speaker's other words), ``WORLD copy`` (those through a vocoder), ``WORLD singing`` (those as a sung phrase),
``Kokoro`` (the synthesiser's own voice), ``Kokoro clone`` (four fifths of the target, a fifth of another
voice), ``Kokoro clone, singing``. Nobody recorded these voices singing: singing is rendered.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from services.voice_matcher.fbank import SAMPLE_RATE
from services.voice_matcher.training.singing import Manner, any_manner, sing
from services.voice_matcher.training.speakers import held_out, speaker_of
from services.voice_matcher.training.synthesiser import LANGUAGES, LINES, Synthesiser
from services.voice_matcher.training.voices import catalogue, segments, without_silence

LEVEL = 0.08
"""Root mean square of every voice before mixing."""
_COPY = Manner(semitones=0.0, stretch=1.0, formants=1.0, brightness=0.0, reverberation=0.0, vibrato=0.0)
_PACKAGED_LANGUAGES = ("en", "es", "fr", "it", "ru")


@dataclass(frozen=True)
class Recording:
    """``voice`` is one folder or synthetic voice, ``person`` whoever may be the same human."""

    voice: str
    person: str
    language: str
    system: str
    singing: bool
    cloned: bool
    audio: np.ndarray


@dataclass(frozen=True)
class Cast:
    """A voice's references, spoken and sung, and its other recordings."""

    spoken: Recording
    sung: Recording
    queries: tuple[Recording, ...]


def _generator(name: str) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32(name.encode()))


def excerpt(signal: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """4 to 11 s of it, at the common level."""
    size = int(rng.uniform(4.0, 11.0) * SAMPLE_RATE)
    start = int(rng.integers(0, max(1, signal.size - size)))
    cut = signal[start : start + size]
    cut = cut * (LEVEL / (np.sqrt((cut**2).mean()) + 1e-9))
    return (cut / max(1.0, float(np.abs(cut).max()))).astype(np.float32)


def packaged(root: Path) -> Iterator[Cast]:
    """The held-out speakers of Debian packages, as many as have two segments."""
    for voice in catalogue(root):
        found = segments(voice) if held_out(voice.person) else []
        if not found:
            continue
        rng = _generator(voice.name)
        language = _language(voice.name)

        def take(
            audio: np.ndarray,
            system: str,
            *,
            singing: bool = False,
            cloned: bool = False,
            named: tuple[str, str, str] = (voice.name, voice.person, language),
            generator: np.random.Generator = rng,
        ) -> Recording:
            return Recording(*named, system, singing, cloned, excerpt(audio, generator))

        others = found[1:3]
        yield Cast(
            spoken=take(found[0], "genuine"),
            sung=take(sing(found[0], any_manner(rng), rng), "WORLD singing", singing=True),
            queries=(
                take(found[1], "genuine"),
                take(sing(found[1], _COPY, rng), "WORLD copy", cloned=True),
                *(
                    take(sing(o, any_manner(rng), rng), "WORLD singing", singing=True, cloned=True)
                    for o in others
                ),
            ),
        )


def synthetic(synthesiser: Synthesiser, most: int | None = None) -> Iterator[Cast]:
    """Kokoro's held-out voices; a clone's other part is another voice of the same sex."""
    names = list(synthesiser.voices)
    for name in [name for name in names if held_out(speaker_of(name))][:most]:
        rng = _generator(name)
        style = synthesiser.voices[name]
        source = str(rng.choice([other for other in names if other != name and other[1] == name[1]]))
        blend = 0.8 * style + 0.2 * synthesiser.voices[source]
        lines = [LINES[line] for line in rng.permutation(len(LINES))[:3]]
        first, other = (without_silence(synthesiser.say(line, style)) for line in lines[:2])
        cloned = without_silence(synthesiser.say(lines[2], blend))
        named = (f"kokoro/{name}", speaker_of(name), LANGUAGES[name[0]])

        def sung(
            audio: np.ndarray,
            system: str,
            named: tuple[str, str, str] = named,
            rng: np.random.Generator = rng,
        ) -> Recording:
            audio = excerpt(sing(audio, any_manner(rng), rng), rng)
            return Recording(*named, system, singing=True, cloned=True, audio=audio)

        yield Cast(
            spoken=Recording(*named, "Kokoro", singing=False, cloned=False, audio=excerpt(first, rng)),
            sung=sung(first, "Kokoro, singing"),
            queries=(
                Recording(*named, "Kokoro", singing=False, cloned=True, audio=excerpt(other, rng)),
                Recording(*named, "Kokoro clone", singing=False, cloned=True, audio=excerpt(cloned, rng)),
                sung(other, "Kokoro, singing"),
                sung(cloned, "Kokoro clone, singing"),
            ),
        )


def _language(name: str) -> str:
    """From the folder or the package: its name holds a language's code."""
    package, _, folder = name.partition("/")
    if folder:
        return folder.split("-")[0].split("_")[0]
    return next((part for part in package.split("-") if part in _PACKAGED_LANGUAGES), "unknown")
