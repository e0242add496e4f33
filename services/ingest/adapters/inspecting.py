"""Inspecting audio off the event loop, a few files at a time."""

import asyncio
from pathlib import Path

from prometheus_client import Counter, Histogram

from shared.audio import DecodeFailure, DecodeLimits, Inspected, inspect_audio
from shared.metrics import SECONDS

WAITING_AND_DECODING = Histogram(
    "trackgate_ingest_inspecting_seconds",
    "Waiting for a slot and decoding a file. Rising with idle processors: raise TRACKGATE_INGEST_DECODERS.",
    buckets=SECONDS,
)
DECODED = Counter(
    "trackgate_ingest_decoded_total",
    "Files by what decoding them came to: ok, or the kind of failure. crashed: somebody may be attacking.",
    ["outcome"],
)


class SandboxedInspector:
    """At most ``slots`` child processes at once; others wait their turn."""

    def __init__(self, limits: DecodeLimits, slots: int) -> None:
        self._limits = limits
        self._slots = asyncio.Semaphore(slots)

    async def inspect(self, path: Path) -> Inspected | DecodeFailure:
        with WAITING_AND_DECODING.time():
            async with self._slots:
                outcome = await asyncio.to_thread(inspect_audio, path, self._limits)
        DECODED.labels(outcome.kind.value if isinstance(outcome, DecodeFailure) else "ok").inc()
        return outcome
