"""Whether the shelf in Redis is whole."""

import uuid

from redis.asyncio import Redis

from services.fingerprints.adapters.outages import outages
from services.fingerprints.adapters.redis_shelf import BUILT, PREFIX
from shared.errors import SystemicError


class RedisMark:
    def __init__(self, client: Redis) -> None:
        self._client = client
        self._witness = f"{PREFIX}rebuilding:{uuid.uuid4()}"

    async def built(self) -> bool:
        with outages():
            return bool(await self._client.exists(BUILT))

    async def begin(self) -> None:
        with outages():
            await self._client.set(self._witness, b"1")

    async def finish(self) -> None:
        with outages():
            if not await self._client.delete(self._witness):
                raise SystemicError("Redis was emptied while the fingerprints were read; reading them again")
            await self._client.set(BUILT, b"1")
