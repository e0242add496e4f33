"""A recording for drawing: loudness over time and its spectrum, computed once and kept in Redis."""

import asyncio
import json
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Protocol

from redis.asyncio import Redis
from redis.exceptions import RedisError

from services.moderation.spectrum import Spectrum, spectrum
from services.moderation.waveform import outline
from shared.audio import DecodeFailure, DecodeLimits, decode_audio
from shared.errors import SystemicError
from shared.events import AudioRef
from shared.objects.store import ObjectStore

_KEPT = timedelta(days=30)
_COLUMNS = 1200
_SAMPLE_BYTES = 4
_MEMORY_BYTES = 192 * 1024 * 1024
_LIMITS = DecodeLimits(wall_seconds=60.0)


@dataclass(frozen=True)
class Waveform:
    """``peaks`` and ``rms`` are 0 to 100 of full scale, evenly over ``covered`` of the ``seconds``."""

    seconds: float
    covered: float
    peaks: tuple[int, ...]
    rms: tuple[int, ...]
    spectrum: Spectrum | None = None


@dataclass(frozen=True)
class NoWaveform:
    reason: str


class Waveforms(Protocol):
    async def of(self, audio: AudioRef) -> Waveform | NoWaveform: ...


class DecodedWaveforms:
    """Decodes in shared.audio's sandboxed child, one recording at a time, 192 MB of samples at most."""

    def __init__(self, client: Redis, store: ObjectStore) -> None:
        self._client = client
        self._store = store
        self._one_at_a_time = asyncio.Semaphore(1)

    async def of(self, audio: AudioRef) -> Waveform | NoWaveform:
        """Raises ObjectMissing, StoreUnavailable, SystemicError."""
        key = f"trackgate:moderation-outline:{audio.sha256}"
        try:
            if (kept := await self._client.get(key)) is not None:
                return _read(kept)
            async with self._one_at_a_time:
                if (kept := await self._client.get(key)) is not None:
                    return _read(kept)
                made = await asyncio.to_thread(self._decode, audio)
            if isinstance(made, Waveform):
                await self._client.set(key, json.dumps(asdict(made)), ex=_KEPT)
        except RedisError as error:
            raise SystemicError(f"Redis: {error}") from error
        return made

    def _decode(self, audio: AudioRef) -> Waveform | NoWaveform:
        fitting = _MEMORY_BYTES / _SAMPLE_BYTES / audio.sample_rate
        seconds = None if audio.seconds <= fitting else fitting
        decoded = decode_audio(self._store.local_path(audio.uri), _LIMITS, seconds=seconds, mono=True)
        if isinstance(decoded, DecodeFailure):
            return NoWaveform(decoded.message)
        drawn = outline(decoded.samples[:, 0], _COLUMNS)
        covered = len(decoded.samples) / decoded.sample_rate
        heard = spectrum(decoded.samples[:, 0], decoded.sample_rate)
        return Waveform(audio.seconds, covered, drawn.peaks, drawn.rms, heard)


def _read(kept: bytes | str) -> Waveform:
    fields = json.loads(kept)
    kept_spectrum = fields["spectrum"]
    return Waveform(
        fields["seconds"],
        fields["covered"],
        tuple(fields["peaks"]),
        tuple(fields["rms"]),
        Spectrum(kept_spectrum["to_hz"], tuple(kept_spectrum["levels"]), tuple(kept_spectrum["floor"]))
        if kept_spectrum
        else None,
    )
