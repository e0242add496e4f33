"""What CAM++ is adapted on: phrases of voices that are not held out, and the music to put under them.

Every phrase is three seconds of mono at 16 kHz, spoken or made to sing in any manner. A phrase resampled to
another pitch, formants with it, is another voice, a stranger's. Packages hold few persons, so that these
count as well.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import soxr

from services.voice_matcher.fbank import SAMPLE_RATE
from services.voice_matcher.training.casting import LEVEL
from services.voice_matcher.training.singing import any_manner, sing
from services.voice_matcher.training.speakers import held_out, speaker_of
from services.voice_matcher.training.synthesiser import LINES, Synthesiser
from services.voice_matcher.training.voices import catalogue, decode, music_files, segments, without_silence

OWN = 1.0
SECONDS = 3
RENDERED = 24
"""Phrases of each voice."""
_ONE_SPOKEN_OF = 4
_SPOKEN_SECONDS = 3.2
_SHIFTS = (0.82, 0.87, 0.92, 1.09, 1.15, 1.22)
_SIZE = SECONDS * SAMPLE_RATE
_BAND_SECONDS = 25.0
_BAND_STARTS = (12.0, 45.0, 80.0)
_BAND_LEVEL, _SILENT = 0.1, 0.005


@dataclass(frozen=True)
class Phrase:
    """``audio``: (48000,) in [-1, 1]. With a ``shift`` other than ``OWN`` it is nobody's voice."""

    person: str
    voice: str
    shift: float
    sung: bool
    audio: np.ndarray

    @property
    def singer(self) -> str:
        return f"{self.voice}*{self.shift}"


def phrases(folder: Path, kept: Path) -> list[Phrase]:
    """From ``kept`` where it exists, else rendered into it, at half precision."""
    if not kept.exists():
        rng = np.random.default_rng(71)
        made = [phrase for who, said in _speakers(folder, rng) for phrase in _sung(*who, said, rng)]
        np.savez(
            kept,
            persons=np.array([phrase.person for phrase in made]),
            voices=np.array([phrase.voice for phrase in made]),
            shifts=np.array([phrase.shift for phrase in made]),
            sung=np.array([phrase.sung for phrase in made]),
            audio=np.stack([phrase.audio for phrase in made]).astype(np.float16),
        )
    with np.load(kept, allow_pickle=False) as content:
        columns = [content[name] for name in ("persons", "voices", "shifts", "sung", "audio")]
    return [
        Phrase(str(person), str(voice), float(shift), bool(sung), audio.astype(np.float32))
        for person, voice, shift, sung, audio in zip(*columns, strict=True)
    ]


def bands(root: Path) -> list[np.ndarray]:
    """Mono excerpts of pieces that are not held out, at one level."""
    found = []
    for path in music_files(root):
        if held_out(str(path.relative_to(root))):
            continue
        for start in _BAND_STARTS:
            try:
                excerpt = decode(path, seconds=_BAND_SECONDS, start=start)
            except (av.error.FFmpegError, IndexError):
                break
            if len(excerpt) < _BAND_SECONDS * SAMPLE_RATE / 2:
                break
            mono = excerpt.mean(1)
            level = float(np.sqrt((mono**2).mean()))
            if level > _SILENT:
                found.append((mono * (_BAND_LEVEL / level)).astype(np.float32))
    return found


def _speakers(folder: Path, rng: np.random.Generator) -> Iterator[tuple[tuple[str, str], list[np.ndarray]]]:
    """Persons that are not held out, their voices, and what they say."""
    for voice in catalogue(folder / "debian"):
        if not held_out(voice.person) and (found := segments(voice)):
            yield (voice.person, voice.name), found
    synthesiser = Synthesiser(folder / "kokoro")
    for name, style in synthesiser.voices.items():
        if not held_out(speaker_of(name)):
            lines = [LINES[line] for line in rng.permutation(len(LINES))[:2]]
            yield (
                (speaker_of(name), f"kokoro/{name}"),
                [without_silence(synthesiser.say(line, style)) for line in lines],
            )


def _sung(person: str, voice: str, said: list[np.ndarray], rng: np.random.Generator) -> Iterator[Phrase]:
    for number in range(RENDERED):
        speech = said[int(rng.integers(len(said)))]
        start = int(rng.integers(0, max(1, speech.size - int(_SPOKEN_SECONDS * SAMPLE_RATE))))
        part = speech[start : start + int(_SPOKEN_SECONDS * SAMPLE_RATE)]
        sung = number % _ONE_SPOKEN_OF != 0
        audio = sing(part, any_manner(rng), rng) if sung else part
        audio = audio * (LEVEL / (np.sqrt((audio**2).mean()) + 1e-9))
        audio = (audio / max(1.0, float(np.abs(audio).max()))).astype(np.float32)
        shift = float(rng.choice(_SHIFTS))
        moved = soxr.resample(audio, SAMPLE_RATE, SAMPLE_RATE * shift)
        yield Phrase(person, voice, OWN, sung, np.resize(audio, _SIZE))
        yield Phrase(person, voice, shift, sung, np.resize(moved, _SIZE))
