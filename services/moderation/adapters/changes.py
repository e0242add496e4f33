"""The queue's changes as Redis publishes them."""

import asyncio
from collections.abc import AsyncIterator

from redis.asyncio import Redis

from services.moderation.domain.changes import READY, Change


class QueueChanges:
    """``client`` must have no socket timeout: a quiet queue publishes nothing for hours."""

    def __init__(self, client: Redis, channel: str) -> None:
        self._client = client
        self._channel = channel

    async def watch(self, *, seconds: float) -> AsyncIterator[Change]:
        until = asyncio.get_running_loop().time() + seconds
        async with self._client.pubsub() as pubsub:
            await pubsub.subscribe(self._channel)
            while (left := until - asyncio.get_running_loop().time()) > 0:
                notice = await pubsub.get_message(timeout=left)
                if notice is None:
                    continue
                if notice["type"] == "subscribe":
                    yield READY
                elif notice["type"] == "message":
                    what, case_id, *signature = notice["data"].decode().split()
                    yield Change(what, case_id, tuple(signature))
