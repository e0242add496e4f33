"""How a voice reaches us: alone or under a band, in mono or stereo, through MP3, at another speed."""

import io
from dataclasses import dataclass

import numpy as np
import soundfile
import soxr

from services.voice_matcher.fbank import SAMPLE_RATE

_DELIVERED = 44_100
_MP3_LEVEL_OF_128 = 2 / 3
"""libsndfile's compression level for 128 kbit/s at 44.1 kHz, constant: from 320 (0) to 32 kbit/s (1)."""


@dataclass(frozen=True)
class Delivery:
    """``ratio``: voice to music in dB, None without music; ``semitones``: faster and higher together."""

    name: str
    ratio: float | None = None
    stereo: bool = False
    mp3: bool = False
    semitones: float = 0.0


ALONE = Delivery("clean")
LEVELS = (ALONE, Delivery("+5 dB", 5.0), Delivery("0 dB", 0.0))
TREATED = (
    Delivery("0 dB, stereo", 0.0, stereo=True),
    Delivery("0 dB, MP3 128", 0.0, mp3=True),
    Delivery("0 dB, +2 semitones", 0.0, semitones=2.0),
    Delivery("0 dB, -2 semitones", 0.0, semitones=-2.0),
)


def delivered(voice: np.ndarray, band: np.ndarray, how: Delivery, rng: np.random.Generator) -> np.ndarray:
    """(frames, channels) at 16 kHz; ``voice`` is mono, ``band`` (frames, 2) is repeated where too short."""
    if how.ratio is None:
        mixed = voice[:, None]
    else:
        start = int(rng.integers(0, len(band)))
        under = np.take(band, np.arange(start, start + voice.size), axis=0, mode="wrap")
        under = under if how.stereo else under.mean(1, keepdims=True)
        gain = np.sqrt((voice**2).mean()) / (np.sqrt((under**2).mean()) + 1e-9) * 10 ** (-how.ratio / 20)
        mixed = voice[:, None] + gain * under
    if how.semitones:
        mixed = soxr.resample(mixed, SAMPLE_RATE, SAMPLE_RATE / 2 ** (how.semitones / 12))
    if how.mp3:
        mixed = through_mp3(mixed)
    return (mixed / max(1.0, float(np.abs(mixed).max()))).astype(np.float32)


def through_mp3(samples: np.ndarray) -> np.ndarray:
    """128 kbit/s, constant, and back to 16 kHz."""
    file = io.BytesIO()
    high = soxr.resample(samples, SAMPLE_RATE, _DELIVERED)
    soundfile.write(
        file,
        np.clip(high, -1, 1),
        _DELIVERED,
        format="MP3",
        bitrate_mode="CONSTANT",
        compression_level=_MP3_LEVEL_OF_128,
    )
    file.seek(0)
    back, rate = soundfile.read(file, dtype="float32", always_2d=True)
    return np.asarray(soxr.resample(back, rate, SAMPLE_RATE), np.float32)
