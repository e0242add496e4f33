"""Songs with a voice, as people recorded them or a generator made them: what rendered singing is not.

A folder with a ``manifest.csv`` (columns ``file`` and ``has_vocals``) of whole songs. One clip is one
singer: an assumption, duets and choirs are not told apart. The clip's own band is heard with the voice, so
that only what other music is put on top keeps the band from telling the clips apart.
"""

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from services.voice_matcher.fbank import HOP, log_mel
from services.voice_matcher.models import load_linear
from services.voice_matcher.training.casting import LEVEL
from services.voice_matcher.training.phrases import OWN, SECONDS, Phrase
from services.voice_matcher.training.voices import RATE, decode
from services.voice_matcher.voice_activity import choose, rank_windows

CLIP_SECONDS = 60.0
WINDOWS = 18
"""Of three seconds, from each clip, those that move most like a voice."""
_APART_FRAMES = 75
_SILENT = 0.004
_RECORDED = "recorded/"


def is_recorded(phrase: Phrase) -> bool:
    return phrase.person.startswith(_RECORDED)


def recorded(folder: Path) -> Iterator[Phrase]:
    with (folder / "manifest.csv").open(newline="") as file:
        names = [row["file"] for row in csv.DictReader(file) if row["has_vocals"] == "yes"]
    movement = load_linear("movement")
    for name in names:
        mono = np.ascontiguousarray(decode(folder / name, seconds=CLIP_SECONDS).mean(1))
        ranked = rank_windows(log_mel(mono), movement, _APART_FRAMES)
        for window in choose(ranked, WINDOWS, _APART_FRAMES):
            audio = mono[window.frame * HOP :][: SECONDS * RATE]
            level = float(np.sqrt((audio**2).mean()))
            if audio.size == SECONDS * RATE and level > _SILENT:
                person = f"{_RECORDED}{name}"
                yield Phrase(
                    person, person, OWN, sung=True, audio=(audio * (LEVEL / level)).astype(np.float32)
                )
