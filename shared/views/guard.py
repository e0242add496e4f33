"""Looking after views that can be lost: Redis keeps them, Kafka can give them again."""

from collections.abc import Awaitable, Callable
from typing import Protocol

import structlog

from shared.errors import SystemicError

log = structlog.get_logger()


class Rebuildable(Protocol):
    async def ensure(self) -> object:
        """Rebuild if the views are not whole.

        Raises:
            SystemicError: Kafka or Redis does not answer.
        """
        ...


class ViewGuard:
    """In the background of every worker: builds the views again when Redis loses them while it runs."""

    def __init__(self, views: Rebuildable, pause: Callable[[], Awaitable[None]], *, named: str) -> None:
        self._views = views
        self._pause = pause
        self._named = named

    async def run(self) -> None:
        while True:
            await self._pause()
            try:
                await self._views.ensure()
            except SystemicError as error:
                log.warning("views could not be looked after", views=self._named, error=str(error))
