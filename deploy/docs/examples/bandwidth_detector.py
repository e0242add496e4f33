"""Tells a lossless delivery whose spectrum stops early: it was a lossy file before."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np

from shared.audio import DecodeFailure, Samples, decode_audio
from shared.clock import Clock, SystemClock
from shared.events import FindingRecorded, TrackUploaded, Verdict
from shared.ids import deterministic_id
from shared.objects.folder import FolderStore
from shared.objects.store import ObjectStore
from shared.settings import WorkerSettings
from shared.stream.handler import Subscription
from shared.stream.outcome import Done, Outcome, Output
from shared.stream.publisher import Publisher
from shared.stream.runner import run_worker
from shared.stream.wiring import Wiring
from shared.topics import FINDINGS, UPLOADS

NAME, VERSION, THRESHOLD_HZ = "bandwidth", "bandwidth-1", 16_500.0  # low-passes of common 128 kbit/s encoders


def highest_frequency(mono: Samples, sample_rate: int) -> float:
    """The frequency (Hz) below which all but 70 dB less than the strongest band lies; mono float32."""
    frames = np.lib.stride_tricks.sliding_window_view(mono, 4096)[::2048] * np.hanning(4096)
    level = 10 * np.log10(np.mean(np.abs(np.fft.rfft(frames)) ** 2, axis=0) + 1e-20)
    return float(np.flatnonzero(level > level.max() - 70.0)[-1] * sample_rate / 4096)


class BandwidthDetector:
    def __init__(self, store: ObjectStore, clock: Clock) -> None:
        self._store, self._clock = store, clock

    async def on_uploaded(self, track: TrackUploaded) -> Outcome:
        path = await asyncio.to_thread(self._store.local_path, track.audio.uri)
        heard = await asyncio.to_thread(decode_audio, path, mono=True)
        if isinstance(heard, DecodeFailure):
            return self._found(track, Verdict.ERROR, reason=heard.message)
        if not track.audio.codec.startswith(("flac", "pcm")) or len(heard.samples) < heard.sample_rate:
            return self._found(track, Verdict.NOT_MEASURED, reason="lossy by its codec, or under a second")
        top = await asyncio.to_thread(highest_frequency, heard.samples.ravel(), heard.sample_rate)
        return self._found(track, Verdict.POSSIBLE if top < THRESHOLD_HZ else Verdict.NOT_DETECTED, score=top)

    def _found(self, track: TrackUploaded, verdict: Verdict, **rest: float | str) -> Done:
        known = {"track_id": track.track_id, "audio_sha256": track.audio.sha256, "threshold": THRESHOLD_HZ}
        names = {
            "detector": NAME,
            "model_version": VERSION,
            "verdict": verdict,
            "occurred_at": self._clock.now(),
        }
        identity = deterministic_id(track.track_id, track.audio.sha256, NAME, VERSION)
        return Done((Output(FINDINGS, FindingRecorded(event_id=identity, **known, **names, **rest)),))


def main() -> int:
    settings = WorkerSettings.load()

    @asynccontextmanager
    async def wire(_publisher: Publisher) -> AsyncIterator[Wiring]:
        yield Wiring(
            (
                Subscription(
                    UPLOADS, BandwidthDetector(FolderStore(settings.store), SystemClock()).on_uploaded
                ),
            )
        )

    return run_worker(NAME, settings, wire)
