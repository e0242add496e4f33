"""What may happen to a track before its delivery: the same for human and generated music.

`random_delivery` draws a whole chain; `CONDITIONS` are the single treatments that the evaluation judges.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import scipy.signal
import soundfile
import soxr

from services.ai_detector.spectrum import Floats

Treated = tuple[Floats, int]
Condition = Callable[[Floats, int], Treated]
RATES = (16_000, 22_050, 24_000, 32_000)


def mp3(pcm: Floats, rate: int, kbps: int) -> Treated:
    """MP3 at a constant rate through libsndfile, which maps its level linearly on 32..320 kbit/s."""
    level = (320 - kbps) / 288 if rate >= 32_000 else (160 - min(kbps, 160)) / 152
    return _encoded(pcm, rate, "MP3", "MPEG_LAYER_III", level, bitrate_mode="CONSTANT")


def vorbis(pcm: Floats, rate: int, level: float) -> Treated:
    """Ogg Vorbis from level 0 (best) to 1 (poorest)."""
    return _encoded(pcm, rate, "OGG", "VORBIS", level)


def opus(pcm: Floats, rate: int, kbps: int) -> Treated:
    """Opus at 48 kHz; libsndfile maps its level linearly on 6..256 kbit/s per channel."""
    pcm = soxr.resample(pcm, rate, 48_000) if rate != 48_000 else pcm
    level = float(np.clip((256 - kbps / pcm.shape[1]) / 250, 0.0, 1.0))
    return _encoded(pcm, 48_000, "OGG", "OPUS", level)


def aac(pcm: Floats, rate: int, kbps: int) -> Treated:
    """AAC-LC in an MP4 through PyAV (FFmpeg's own encoder)."""
    import av  # noqa: PLC0415 - only for those who train; the package is in the `train` extra

    buffer = io.BytesIO()
    layout = "mono" if pcm.shape[1] == 1 else "stereo"
    with av.open(buffer, "w", format="mp4") as out:
        stream = out.add_stream("aac", rate=rate)
        stream.bit_rate = kbps * 1000
        stream.layout = layout
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(np.clip(pcm, -1, 1).T), format="fltp", layout=layout
        )
        frame.sample_rate = rate
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            out.mux(packet)
    buffer.seek(0)
    with av.open(buffer) as source:
        parts = [part.to_ndarray() for part in source.decode(audio=0)]
    return np.ascontiguousarray(np.concatenate(parts, axis=1).T, dtype=np.float32), rate


def _encoded(pcm: Floats, rate: int, container: str, subtype: str, level: float, **options: str) -> Treated:
    buffer = io.BytesIO()
    peak = max(float(np.abs(pcm).max(initial=0.0)), 1.0)
    with soundfile.SoundFile(
        buffer, "w", rate, pcm.shape[1], subtype=subtype, format=container, compression_level=level, **options
    ) as file:
        for start in range(0, pcm.shape[0], 16_384):  # one large write overflows libvorbis's stack
            file.write(pcm[start : start + 16_384] / peak)
    buffer.seek(0)
    out, out_rate = soundfile.read(buffer, dtype="float32", always_2d=True)
    return out, int(out_rate)


def resampled(pcm: Floats, rate: int, target: int) -> Treated:
    return (soxr.resample(pcm, rate, target), target) if target != rate else (pcm, rate)


def there_and_back(pcm: Floats, rate: int, other: int) -> Treated:
    """To another rate and back again."""
    return soxr.resample(soxr.resample(pcm, rate, other), other, rate), rate


def speed(pcm: Floats, rate: int, factor: float) -> Treated:
    """Faster and higher by a factor, as a turntable does it."""
    return soxr.resample(pcm, rate, rate / factor), rate


def pitch(pcm: Floats, rate: int, semitones: float) -> Treated:
    """Higher by so many semitones at one tempo: a phase vocoder (Flanagan and Golden 1966), then speed."""
    factor = 2 ** (semitones / 12)
    size, hop = 2048, 512
    out = []
    for channel in pcm.T:
        _, _, cells = scipy.signal.stft(channel, nperseg=size, noverlap=size - hop)
        at = np.arange(0, cells.shape[1] - 1, 1 / factor)
        low = at.astype(int)
        share = (at - low).astype(np.float32)
        magnitude = (1 - share) * np.abs(cells[:, low]) + share * np.abs(cells[:, low + 1])
        advance = np.angle(cells[:, low + 1] * np.conj(cells[:, low]))
        phase = np.cumsum(np.concatenate([np.angle(cells[:, :1]), advance[:, :-1]], axis=1), axis=1)
        out.append(scipy.signal.istft(magnitude * np.exp(1j * phase), nperseg=size, noverlap=size - hop)[1])
    return speed(np.stack(out, axis=1).astype(np.float32), rate, factor)


def echo(pcm: Floats, rate: int, seconds: float, gain: float) -> Treated:
    out, delay = pcm.copy(), int(seconds * rate)
    out[delay:] += np.float32(gain) * pcm[:-delay]
    return out, rate


def hum(pcm: Floats, rate: int, decibels: float, mains: float) -> Treated:
    """Mains buzz with falling harmonics, so many decibels under the music."""
    level = _rms(pcm) * 10 ** (-decibels / 20)
    time = np.arange(pcm.shape[0]) / rate
    return (pcm + (level * scipy.signal.sawtooth(2 * np.pi * mains * time))[:, None]).astype(np.float32), rate


def noise(pcm: Floats, rate: int, decibels: float, rng: np.random.Generator) -> Treated:
    """White noise so many decibels under the music."""
    level = _rms(pcm) * 10 ** (-decibels / 20)
    return (pcm + level * rng.standard_normal(pcm.shape)).astype(np.float32), rate


def tilt(pcm: Floats, rate: int, decibels: float) -> Treated:
    """A first-order shelf about 1 kHz: the treble raised by so many decibels against the bass."""
    gain = 10 ** (decibels / 40)
    warped = np.tan(np.pi * 1000 / rate)
    b = [gain * (1 + warped / gain), gain * (warped / gain - 1)]
    a = [1 + warped * gain, warped * gain - 1]
    return scipy.signal.lfilter(np.array(b) / a[0], np.array(a) / a[0], pcm, axis=0).astype(np.float32), rate


def loud(pcm: Floats, rate: int, drive: float) -> Treated:
    """Soft clipping, with the peaks driven so many times into it."""
    peak = max(float(np.abs(pcm).max(initial=0.0)), 1e-9)
    return np.tanh(pcm / peak * drive).astype(np.float32), rate


def mono(pcm: Floats, rate: int) -> Treated:
    return pcm.mean(axis=1, keepdims=True), rate


def _rms(pcm: Floats) -> float:
    return float(np.sqrt(np.mean(np.square(pcm))))


def _as_it_is(pcm: Floats, rate: int) -> Treated:
    return pcm, rate


def _to_the_other_rate(pcm: Floats, rate: int) -> Treated:
    return resampled(pcm, rate, 44_100 if rate == 48_000 else 48_000)


def _hiss(pcm: Floats, rate: int) -> Treated:
    return noise(pcm, rate, 40.0, np.random.default_rng(pcm.shape[0]))


CONDITIONS: dict[str, Condition] = {
    "clean": _as_it_is,
    **{f"mp3-{kbps}": partial(mp3, kbps=kbps) for kbps in (320, 192, 128, 64)},
    "aac-128": partial(aac, kbps=128),
    "opus-96": partial(opus, kbps=96),
    "44.1-48": _to_the_other_rate,
    **{f"speed{percent:+d}%": partial(speed, factor=1 + percent / 100) for percent in (-5, -2, 2, 5)},
    **{f"pitch{semitones:+d}": partial(pitch, semitones=semitones) for semitones in (-2, -1, 1, 2)},
    "tilt+5dB": partial(tilt, decibels=5.0),
    "tilt-5dB": partial(tilt, decibels=-5.0),
    "noise-40dB": _hiss,
    "loud": partial(loud, drive=3.0),
    "echo-40ms": partial(echo, seconds=0.04, gain=0.5),
    "hum": partial(hum, decibels=45.0, mains=50.0),
}


@dataclass(frozen=True)
class Often:
    """Chances of the treatments that are drawn more often in some rounds than in others."""

    speed: float
    pitch: float
    hum: float


USUAL = Often(speed=0.12, pitch=0.05, hum=0.06)
DISGUISED = Often(speed=0.15, pitch=0.4, hum=0.25)
"""For rounds that teach what a shift of pitch or mains hum leaves of traces, and makes of people's music."""


def random_delivery(  # noqa: C901 - a list of independent draws, longer but no clearer in pieces
    pcm: Floats, rate: int, rng: np.random.Generator, *, narrow: float, often: Often = USUAL
) -> tuple[Floats, int, str]:
    """PCM, rate and a name after a chain drawn at random.

    `narrow` is the chance that a narrower band is drawn. Most generators make less than 16 kHz of band, so
    human music has to go through narrow deliveries more often for the band not to give the answer.
    """
    steps: list[tuple[str, Condition]] = []
    draws = rng.random(9)
    if draws[0] < often.speed:
        steps.append(("speed", partial(speed, factor=float(rng.uniform(0.94, 1.06)))))
    elif draws[0] < often.speed + often.pitch:
        steps.append(("pitch", partial(pitch, semitones=float(rng.uniform(-2, 2)))))
    if draws[1] < 0.3:
        steps.append(("tilt", partial(tilt, decibels=float(rng.uniform(-7, 7)))))
    if draws[2] < 0.2:
        steps.append(("loud", partial(loud, drive=float(rng.uniform(1.2, 5)))))
    if draws[3] < 0.1:
        steps.append(
            (
                "echo",
                partial(echo, seconds=float(rng.uniform(0.004, 0.09)), gain=float(rng.uniform(0.2, 0.6))),
            )
        )
    if draws[4] < 0.15:
        steps.append(("noise", partial(noise, decibels=float(rng.uniform(35, 60)), rng=rng)))
    if draws[5] < often.hum:
        mains = float(rng.choice([50.0, 60.0])) * (1 + rng.normal(0, 2e-4))
        steps.append(("hum", partial(hum, decibels=float(rng.uniform(35, 60)), mains=mains)))
    if draws[6] < 0.12:
        steps.append(("mono", mono))
    if draws[7] < narrow:
        steps.append(("narrow", partial(_narrowed, to=int(rng.choice(RATES)), back=bool(rng.random() < 0.6))))
    if draws[8] < 0.6:
        steps.append(_random_codec(rng))
    for _, step in steps:
        pcm, rate = step(pcm, rate)
    return pcm, rate, "+".join(name for name, _ in steps) or "clean"


def _narrowed(pcm: Floats, rate: int, *, to: int, back: bool) -> Treated:
    if to >= rate:
        return pcm, rate
    return there_and_back(pcm, rate, to) if back else resampled(pcm, rate, to)


def _random_codec(rng: np.random.Generator) -> tuple[str, Condition]:
    match int(rng.integers(5)):
        case 0 | 1:
            return "mp3", partial(mp3, kbps=int(rng.choice([64, 96, 128, 160, 192, 256, 320])))
        case 2:
            return "vorbis", partial(vorbis, level=float(rng.uniform(0.2, 0.9)))
        case 3:
            return "opus", partial(opus, kbps=int(rng.choice([64, 96, 128, 192])))
        case _:
            return "aac", partial(_aac_at_44k1, kbps=int(rng.choice([96, 128, 192, 256])))


def _aac_at_44k1(pcm: Floats, rate: int, *, kbps: int) -> Treated:
    return aac(*(resampled(pcm, rate, 44_100) if rate < 32_000 else (pcm, rate)), kbps=kbps)
