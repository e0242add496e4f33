"""The registry's artists as their compacted topic tells them, kept current in the background."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from shared.errors import SystemicError
from shared.events import ProtectedArtist
from shared.stream.compacted import CompactedTopic
from shared.topics import ARTISTS

log = structlog.get_logger()
_AGAIN_SECONDS = 10.0


class RegistryArtists:
    """Empty until the topic has been read: a desk without references is better than none."""

    def __init__(self, bootstrap_servers: str) -> None:
        self._bootstrap = bootstrap_servers
        self._topic: CompactedTopic[ProtectedArtist] | None = None

    def named(self, artist_id: str) -> ProtectedArtist | None:
        return self._topic.current.get(artist_id) if self._topic else None

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self._read())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _read(self) -> None:
        while True:
            topic = CompactedTopic(ARTISTS, ProtectedArtist, self._bootstrap)
            try:
                async with topic:
                    self._topic = topic
                    await asyncio.Event().wait()
            except SystemicError as error:
                log.warning("reference recordings cannot be offered yet", fault=str(error))
            await asyncio.sleep(_AGAIN_SECONDS)
