"""Reference recordings in a room of their own of the object store, decoded in the sandbox."""

import asyncio
from collections.abc import AsyncIterable
from pathlib import Path

from services.registry.domain import LONGEST_REFERENCE_SECONDS, Recording, Refused
from shared.audio import DecodeFailure, DecodeLimits, inspect_audio
from shared.objects.folder import FolderStore
from shared.objects.store import StoredObject

ROOM = "references"
_LIMITS = DecodeLimits(max_seconds=LONGEST_REFERENCE_SECONDS)


class StoredRecordings:
    """Removing a reference never removes an upload with the same bytes: those lie in another room."""

    def __init__(self, root: Path) -> None:
        self._store = FolderStore(root, room=ROOM)

    async def put(self, chunks: AsyncIterable[bytes], *, limit_bytes: int) -> StoredObject:
        return await self._store.put(chunks, limit_bytes=limit_bytes)

    async def remove(self, uri: str) -> None:
        await self._store.remove(uri)

    async def inspect(self, uri: str, file_name: str) -> Recording | Refused:
        path = await asyncio.to_thread(self._store.local_path, uri)
        found = await asyncio.to_thread(inspect_audio, path, _LIMITS)
        if isinstance(found, DecodeFailure):
            return Refused(
                f"recording-{found.kind.value.replace('_', '-')}",
                f"{file_name}: {found.message}",
                "references",
            )
        return Recording(seconds=found.seconds, sample_rate=found.sample_rate, silent=found.silent)
