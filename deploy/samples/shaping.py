"""Level, fades and mixing. All levels are in dB relative to full scale."""

from __future__ import annotations

import numpy as np
import soxr

from deploy.samples import hifigan
from deploy.samples.sources import Audio, Clip

LEVEL_DB = -18.0
PEAK_DB = -1.0
SPEECH_FRAME_SECONDS = 0.02
SPEECH_FLOOR_DB = -30.0


def levelled(clip: Clip) -> Clip:
    """Scale to an active level of -18 dB RMS, less where a peak would pass -1 dB, and fade the ends."""
    gain = _from_db(LEVEL_DB) / active_rms(clip)
    peak = float(np.abs(clip.audio).max()) * gain
    gain *= min(1.0, _from_db(PEAK_DB) / peak)
    return _faded(Clip((clip.audio * gain).astype(np.float32), clip.rate))


def active_rms(clip: Clip) -> float:
    """RMS of the frames within 30 dB of the loudest: pauses between words do not count."""
    size = int(SPEECH_FRAME_SECONDS * clip.rate)
    mono = clip.mono[: len(clip.audio) // size * size].reshape(-1, size)
    powers = np.mean(mono.astype(np.float64) ** 2, axis=1)
    active = powers[powers > powers.max() * _from_db(SPEECH_FLOOR_DB) ** 2]
    return float(np.sqrt(active.mean()))


def resampled(clip: Clip, rate: int) -> Clip:
    audio = soxr.resample(clip.audio, clip.rate, rate, quality="VHQ")
    return Clip(np.asarray(audio, dtype=np.float32), rate)


def joined(clips: list[Clip], gap_seconds: float) -> Clip:
    """Put clips of one rate one after the other with silence between them."""
    rate, channels = clips[0].rate, clips[0].audio.shape[1]
    gap = np.zeros((int(gap_seconds * rate), channels), dtype=np.float32)
    parts = [part for clip in clips for part in (clip.audio, gap)]
    return Clip(np.concatenate(parts[:-1]), rate)


def over(voice: Clip, music: Clip, voice_above_db: float) -> Clip:
    """Lay a voice over music in mono at the music's rate, its active level ``voice_above_db`` above it."""
    front = resampled(Clip(voice.mono[:, None], voice.rate), music.rate)
    length = min(len(front.audio), len(music.audio))
    back = Clip(music.mono[:length, None], music.rate)
    gain = _from_db(voice_above_db) * active_rms(back) / active_rms(front)
    return Clip((front.audio[:length] * gain + back.audio).astype(np.float32), music.rate)


def decoded_by_network(clip: Clip, vocoder: hifigan.Vocoder) -> Clip:
    """Copy-synthesis: keep only the log-mel spectrogram and let the network make every sample anew."""
    mono = resampled(Clip(clip.mono[:, None], clip.rate), hifigan.SAMPLE_RATE).audio[:, 0]
    loudest = float(np.abs(mono).max())
    made: Audio = vocoder(hifigan.log_mel(mono * np.float32(_from_db(PEAK_DB) / loudest)))
    return Clip(made[: len(mono), None], hifigan.SAMPLE_RATE)


def _faded(clip: Clip) -> Clip:
    rise, fall = int(0.02 * clip.rate), int(0.25 * clip.rate)
    envelope = np.ones(len(clip.audio), dtype=np.float32)
    envelope[:rise] = np.linspace(0.0, 1.0, rise)
    envelope[-fall:] = np.linspace(1.0, 0.0, fall)
    return Clip(clip.audio * envelope[:, None], clip.rate)


def _from_db(value: float) -> float:
    return float(10.0 ** (value / 20.0))
