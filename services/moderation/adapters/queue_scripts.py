"""What every part of the queue in Redis is built on: the client, the clock and the Lua scripts."""

from collections.abc import Awaitable
from datetime import timedelta
from typing import Any, cast

from redis.asyncio import Redis
from redis.commands.core import AsyncScript
from redis.exceptions import RedisError

from services.moderation.adapters.queue_encoding import milliseconds
from services.moderation.adapters.scripts import source_of
from services.moderation.domain.looking import Filter
from shared.clock import Clock
from shared.errors import SystemicError

PREFIX = "trackgate:moderation:"
LOOKED_AT = 5_000
"""Cases that a search looks at before it ends with what it has."""


class QueueScripts:
    """See RedisQueue for what ``client`` must be and for whose times count."""

    def __init__(
        self,
        client: Redis,
        clock: Clock,
        *,
        lease: timedelta,
        skip: timedelta,
        undo: timedelta = timedelta(),
        prefix: str = PREFIX,
    ) -> None:
        self._client = client
        self._clock = clock
        self._lease = lease
        self._skip = skip
        self._undo = undo
        self._prefix = prefix
        self._scripts: dict[str, AsyncScript] = {}

    def _opened_before(self, wanted: Filter) -> int | str:
        return "" if wanted.older_than is None else self._ahead(-wanted.older_than)

    def _ahead(self, by: timedelta) -> int:
        return milliseconds(self._clock.now() + by)

    async def _run(self, name: str, *arguments: str | int | bytes) -> Any:
        try:
            return await cast(
                "Awaitable[Any]",
                self._script(name)(keys=[self._prefix], args=[milliseconds(self._clock.now()), *arguments]),
            )
        except RedisError as error:
            raise SystemicError(f"Redis: {error}") from error

    def _script(self, name: str) -> AsyncScript:
        script = self._scripts.get(name)
        if script is None:
            script = self._scripts[name] = self._client.register_script(source_of(name))
        return script
