"""Embed voices, strangers and instrumental music once, window by window, into a cache for ``fit``.

python -m services.voice_matcher.training.measure UNPACKED_DEBIAN_PACKAGES CACHE.pkl

*Strangers* are voices that nobody has: each voice resampled by four factors, which moves pitch and formants
together. They stand in for the cohort, so that no person's voiceprint ships with the service.
"""

import pickle
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr

from services.voice_matcher.centre import to_mid
from services.voice_matcher.embedding import CAMPPLUS, RESEMBLYZER, CamPlusPlus, Resemblyzer
from services.voice_matcher.fbank import SAMPLE_RATE, log_mel
from services.voice_matcher.listening import centre_features, mid_features
from services.voice_matcher.manifest import MODEL_FOLDER
from services.voice_matcher.training.voices import catalogue, mix, music, segments
from services.voice_matcher.voice_activity import HOP_FRAMES, WINDOW_FRAMES, Window, movement

RATIOS = (None, 10.0, 5.0, 0.0)
"""Voice to music in dB; None is the voice alone."""
SHIFTS = (0.82, 0.89, 1.13, 1.22)
SEGMENTS = 4
MUSIC_SECONDS = 30.0
MUSIC_PIECES = 120


@dataclass(frozen=True)
class Clip:
    """``source`` is a person or a piece of music; ``condition`` clean, 10, 5, 0, mixed or music."""

    source: str
    condition: str
    shift: float
    movements: np.ndarray
    embeddings: dict[str, np.ndarray]


class Meter:
    def __init__(self) -> None:
        self._campplus = CamPlusPlus((MODEL_FOLDER / "campplus.onnx").read_bytes())
        self._resemblyzer = Resemblyzer((MODEL_FOLDER / "resemblyzer.onnx").read_bytes())

    def clip(self, source: str, condition: str, shift: float, stereo: np.ndarray) -> Clip:
        """Windows of 3 s without overlap, as the service would embed them."""
        mid = to_mid(stereo)
        whole = log_mel(mid)
        starts = range(0, len(whole) - WINDOW_FRAMES + 1, 2 * HOP_FRAMES)
        windows = [Window(start, 0.0) for start in starts]
        mels, levels = zip(*(centre_features(stereo, window) for window in windows), strict=True)
        embeddings = {
            CAMPPLUS: self._campplus.embed(np.stack([mid_features(whole, window) for window in windows])),
            RESEMBLYZER: self._resemblyzer.embed(np.stack(mels), np.asarray(levels, np.float32)),
        }
        movements = np.stack([movement(whole[start : start + WINDOW_FRAMES]) for start in starts])
        return Clip(source, condition, shift, movements, embeddings)


def main() -> int:
    root, out = Path(sys.argv[1]), Path(sys.argv[2])
    meter, rng, clips = Meter(), np.random.default_rng(5), []
    bands = music(root, MUSIC_SECONDS, MUSIC_PIECES)
    print(len(bands), "pieces of music")
    for name, band in bands:
        clips.append(meter.clip(name, "music", 1.0, band[: 18 * SAMPLE_RATE]))
    for voice in catalogue(root):
        found = segments(voice)[:SEGMENTS]
        for segment in found:
            band = bands[rng.integers(len(bands))][1][: segment.size]
            for ratio in RATIOS:
                stereo = segment[:, None] if ratio is None else mix(segment, band, ratio)
                label = "clean" if ratio is None else f"{ratio:g}"
                clips.append(meter.clip(voice.person, label, 1.0, stereo))
        for shift in SHIFTS if found else ():
            stranger = soxr.resample(np.concatenate(found), SAMPLE_RATE, SAMPLE_RATE * shift)
            stranger = stranger[: 12 * SAMPLE_RATE].astype(np.float32)
            band = bands[rng.integers(len(bands))][1][: stranger.size]
            clips.append(meter.clip(voice.person, "clean", shift, stranger[:, None]))
            clips.append(
                meter.clip(voice.person, "mixed", shift, mix(stranger, band, rng.uniform(0.0, 12.0)))
            )
        print(voice.name, len(found), flush=True)
    with out.open("wb") as file:
        pickle.dump(clips, file)
    return 0


if __name__ == "__main__":
    from services.voice_matcher.training import measure  # noqa: PLW0406 - pickled under its name, not __main__'s

    sys.exit(measure.main())
