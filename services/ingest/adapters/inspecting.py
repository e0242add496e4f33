"""Inspecting audio off the event loop, a few files at a time."""

import asyncio
from pathlib import Path

from services.ingest import metrics
from shared.audio import DecodeFailure, DecodeLimits, Inspected, inspect_audio


class SandboxedInspector:
    """At most ``slots`` child processes at once; others wait their turn."""

    def __init__(self, limits: DecodeLimits, slots: int) -> None:
        self._limits = limits
        self._slots = asyncio.Semaphore(slots)

    async def inspect(self, path: Path) -> Inspected | DecodeFailure:
        with metrics.INSPECTING.time():
            async with self._slots:
                outcome = await asyncio.to_thread(inspect_audio, path, self._limits, fingerprint=True)
        metrics.decoded(outcome)
        return outcome
