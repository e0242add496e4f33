"""What may happen to a track before its delivery, applied alike to human and generated music."""

import io
from collections.abc import Callable

import numpy as np
import scipy.signal
import soundfile
import soxr

from services.ai_detector.spectrum import Floats

Treatment = Callable[[Floats, int, np.random.Generator], tuple[Floats, int]]


def _codec(container: str, subtype: str, level: float, rate: int | None = None) -> Treatment:
    """Through libsndfile's encoder; `level` is its compression level, from 0 (best) to 1 (poorest)."""

    def treat(pcm: Floats, source_rate: int, _: np.random.Generator) -> tuple[Floats, int]:
        if rate is not None and rate != source_rate:
            pcm = soxr.resample(pcm, source_rate, rate)
        target = rate or source_rate
        buffer = io.BytesIO()
        peak = max(float(np.abs(pcm).max(initial=0.0)), 1.0)
        options = {"bitrate_mode": "CONSTANT"} if container == "MP3" else {}
        with soundfile.SoundFile(
            buffer,
            "w",
            target,
            pcm.shape[1],
            subtype=subtype,
            format=container,
            compression_level=level,
            **options,
        ) as file:
            for start in range(0, pcm.shape[0], 16_384):  # one large write overflows libvorbis's stack
                file.write(pcm[start : start + 16_384] / peak)
        buffer.seek(0)
        out, out_rate = soundfile.read(buffer, dtype="float32", always_2d=True)
        return out, int(out_rate)

    return treat


def _resampled(rate: int) -> Treatment:
    def treat(pcm: Floats, source: int, _: np.random.Generator) -> tuple[Floats, int]:
        return (soxr.resample(pcm, source, rate), rate) if rate != source else (pcm, source)

    return treat


def _narrowed(rate: int) -> Treatment:
    """Down to a rate and back up."""

    def treat(pcm: Floats, source: int, _: np.random.Generator) -> tuple[Floats, int]:
        return (
            (soxr.resample(soxr.resample(pcm, source, rate), rate, source), source)
            if rate < source
            else (pcm, source)
        )

    return treat


def _speed(pcm: Floats, rate: int, rng: np.random.Generator) -> tuple[Floats, int]:
    factor = 1 + rng.choice([-0.05, -0.02, 0.02, 0.05])
    return soxr.resample(pcm, rate, rate / factor), rate


def _echo(pcm: Floats, rate: int, rng: np.random.Generator) -> tuple[Floats, int]:
    out = pcm.copy()
    for _ in range(int(rng.integers(1, 3))):
        delay = int(rng.uniform(0.004, 0.09) * rate)
        out[delay:] += float(rng.uniform(0.2, 0.6)) * pcm[:-delay]
    return out, rate


def _hum(pcm: Floats, rate: int, rng: np.random.Generator) -> tuple[Floats, int]:
    """Mains buzz with falling harmonics, 35-60 dB under the music."""
    level = float(np.sqrt(np.mean(pcm**2))) * 10 ** (-rng.uniform(35, 60) / 20)
    time = np.arange(pcm.shape[0]) / rate
    mains = float(rng.choice([50.0, 60.0])) * (1 + rng.normal(0, 2e-4))
    return (pcm + (level * scipy.signal.sawtooth(2 * np.pi * mains * time))[:, None]).astype(np.float32), rate


def _noise(pcm: Floats, rate: int, rng: np.random.Generator) -> tuple[Floats, int]:
    level = float(np.sqrt(np.mean(pcm**2))) * 10 ** (-rng.uniform(35, 50) / 20)
    return (pcm + level * rng.standard_normal(pcm.shape)).astype(np.float32), rate


def _tilt(pcm: Floats, rate: int, rng: np.random.Generator) -> tuple[Floats, int]:
    pole = float(rng.uniform(-0.35, 0.35))
    return scipy.signal.lfilter([1 - abs(pole)], [1, pole], pcm, axis=0).astype(np.float32), rate


def _loud(pcm: Floats, _rate: int, rng: np.random.Generator) -> tuple[Floats, int]:
    peak = max(float(np.abs(pcm).max(initial=0.0)), 1e-9)
    return np.tanh(pcm / peak * float(rng.uniform(1.5, 5.0))).astype(np.float32), _rate


def _mono(pcm: Floats, rate: int, _: np.random.Generator) -> tuple[Floats, int]:
    return pcm.mean(axis=1, keepdims=True), rate


def _as_it_is(pcm: Floats, rate: int, _: np.random.Generator) -> tuple[Floats, int]:
    return pcm, rate


TREATMENTS: dict[str, Treatment] = {
    "clean": _as_it_is,
    "mp3-good": _codec("MP3", "MPEG_LAYER_III", 0.25),
    "mp3-poor": _codec("MP3", "MPEG_LAYER_III", 0.75),
    "vorbis": _codec("OGG", "VORBIS", 0.7),
    "opus": _codec("OGG", "OPUS", 0.8, rate=48_000),
    "44k1": _resampled(44_100),
    "48k": _resampled(48_000),
    "16k": _resampled(16_000),
    "24k": _resampled(24_000),
    "through-22k05": _narrowed(22_050),
    "through-32k": _narrowed(32_000),
    "speed": _speed,
    "echo": _echo,
    "hum": _hum,
    "noise": _noise,
    "tilt": _tilt,
    "loud": _loud,
    "mono": _mono,
}
