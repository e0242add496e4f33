"""The secret behind the links to recordings: made once, shared by every process of the API through Redis."""

import secrets

from redis.asyncio import Redis
from redis.exceptions import RedisError

from shared.errors import SystemicError

_KEY = "trackgate:moderation-link-key"


class LinkKey:
    """Call it for the key. Raises SystemicError when Redis does not answer the first time."""

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._known: bytes | None = None

    async def __call__(self) -> bytes:
        if self._known is None:
            try:
                await self._client.set(_KEY, secrets.token_bytes(32), nx=True)
                kept = await self._client.get(_KEY)
            except RedisError as error:
                raise SystemicError(f"Redis: {error}") from error
            if not isinstance(kept, bytes):
                raise SystemicError("Redis does not keep what it is given")
            self._known = kept
        return self._known
