"""Spoken voices as singing: WORLD keeps the spectral envelope (the person) and takes notes for the pitch.

There is hardly any openly licensed singing in packages. A rendered singer has the formants of a real speaker,
held vowels, steps and vibrato, a brighter voice and another register. It is not a recording of singing and no
figure on it is called one. It is also vocoded, as most converted voices are.
"""

from dataclasses import dataclass

import numpy as np
import pyworld
from scipy.signal import fftconvolve

RATE = 16_000
_FRAME_MS = 5.0
_SCALE = np.array([0, 2, 4, 5, 7, 9, 11, 12], np.float64)


@dataclass(frozen=True)
class Manner:
    """How a phrase is sung.

    ``semitones``: centre of the melody above the speaker's median pitch. ``stretch``: how much longer voiced
    frames become. ``formants``: factor on all formants (a lowered larynx is below 1). ``brightness``: dB at
    3 kHz against 500 Hz. ``reverberation``: share of energy in the tail. ``vibrato``: depth in semitones.
    """

    semitones: float
    stretch: float
    formants: float
    brightness: float
    reverberation: float
    vibrato: float


def any_manner(rng: np.random.Generator) -> Manner:
    return Manner(
        semitones=float(rng.normal(3.0, 4.5)),
        stretch=float(rng.uniform(1.2, 2.2)),
        formants=float(rng.normal(1.0, 0.03)),
        brightness=float(rng.uniform(-2.0, 9.0)),
        reverberation=float(rng.choice([0.0, rng.uniform(0.0, 0.3)])),
        vibrato=float(rng.uniform(0.0, 0.6)),
    )


def sing(speech: np.ndarray, manner: Manner, rng: np.random.Generator) -> np.ndarray:
    """Mono 16 kHz speech to a sung phrase, 1 to 2 times as long, same root mean square.

    Unvoiced input (no pitch found) comes back as it is.
    """
    signal = np.ascontiguousarray(speech, np.float64)
    pitch, times = pyworld.dio(signal, RATE, f0_floor=65.0, f0_ceil=600.0, frame_period=_FRAME_MS)
    pitch = pyworld.stonemask(signal, pitch, times, RATE)
    voiced = pitch > 0
    if voiced.mean() < 0.1:
        return speech
    envelope = pyworld.cheaptrick(signal, pitch, times, RATE)
    aperiodicity = pyworld.d4c(signal, pitch, times, RATE)
    order = _held(voiced, manner.stretch)
    median = float(np.exp(np.median(np.log(pitch[voiced]))))
    centre = np.clip(median * 2 ** (manner.semitones / 12), 80.0, 700.0)
    sung = _melody(order.size, float(centre), manner.vibrato, rng) * voiced[order]
    shaped = _shape(envelope[order], manner)
    out = pyworld.synthesize(sung, shaped, np.ascontiguousarray(aperiodicity[order]), RATE, _FRAME_MS)
    if manner.reverberation > 0:
        out = _reverberate(out, manner.reverberation, rng)
    return (out * np.sqrt((signal**2).mean() / ((out**2).mean() + 1e-12))).astype(np.float32)


def _held(voiced: np.ndarray, stretch: float) -> np.ndarray:
    """Frame numbers of the sung phrase: voiced frames last longer, in time order."""
    ends = np.cumsum(np.where(voiced, stretch, 1.0))
    return np.minimum(np.searchsorted(ends, np.arange(int(ends[-1])) + 0.5), voiced.size - 1)


def _melody(frames: int, centre: float, vibrato: float, rng: np.random.Generator) -> np.ndarray:
    """Pitch in Hz per frame: a walk on a major scale, slides of 60 ms, vibrato late in a note."""
    semitones, swing = np.empty(frames), np.zeros(frames)
    step, start = 3, 0
    while start < frames:
        length = int(rng.uniform(0.18, 1.0) * 1000 / _FRAME_MS)
        step = int(np.clip(step + rng.integers(-2, 3), 0, _SCALE.size - 1))
        semitones[start : start + length] = _SCALE[step] - 5.0
        into = np.arange(min(length, frames - start)) * _FRAME_MS / 1000
        swing[start : start + length] = np.clip((into - 0.2) / 0.2, 0, 1) * np.sin(2 * np.pi * 5.6 * into)
        start += length
    slide = np.hanning(14)
    smooth = np.convolve(np.pad(semitones, 7, mode="edge"), slide / slide.sum(), "same")[7:-7]
    return centre * 2 ** ((smooth + vibrato * swing) / 12)


def _shape(envelope: np.ndarray, manner: Manner) -> np.ndarray:
    hertz = np.linspace(0, RATE / 2, envelope.shape[1])
    source = np.interp(hertz / manner.formants, hertz, np.arange(hertz.size))
    low = np.floor(source).astype(int)
    high = np.minimum(low + 1, hertz.size - 1)
    logs = np.log(envelope + 1e-16)
    warped = logs[:, low] + (source - low) * (logs[:, high] - logs[:, low])
    octaves = np.clip(np.log2(np.maximum(hertz, 1.0) / 500.0), -1.0, 3.0)
    gain = manner.brightness * np.clip(octaves / np.log2(6.0), -0.4, 1.0)
    return np.ascontiguousarray(np.exp(warped + gain * np.log(10) / 10))


def _reverberate(dry: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    seconds = rng.uniform(0.3, 1.5)
    tail = rng.normal(size=int(seconds * RATE)) * np.exp(
        -6.9 * np.arange(int(seconds * RATE)) / (seconds * RATE)
    )
    wet = fftconvolve(dry, tail)[: dry.size]
    wet *= np.sqrt((dry**2).mean() / ((wet**2).mean() + 1e-12))
    return np.asarray(np.sqrt(1 - share) * dry + np.sqrt(share) * wet)
