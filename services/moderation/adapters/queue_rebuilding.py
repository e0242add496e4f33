"""Dropping the queue in Redis and filling it again from Kafka, without losing what only the queue knows."""

from collections.abc import Sequence
from enum import StrEnum
from typing import cast

from redis.exceptions import RedisError

from services.moderation.adapters.queue_scripts import QueueScripts
from services.moderation.domain.cases import Resolution, case_id_of
from shared.errors import SystemicError

_BATCH = 500


class GivenBack(StrEnum):
    """What became of what was set aside; ``outdated``: the decision that it was said about is gone."""

    NOTHING = "nothing"
    ANSWER = "answer"
    PROPOSAL = "proposal"
    SENT = "sent"
    OUTDATED = "outdated"


class QueueRebuilding(QueueScripts):
    """Answers that were not sent yet and proposals that wait for a second person are in no topic.

    ``forget`` sets them aside, each in one step with the dropping of its case: none is lost that is given at
    that moment. They outlast a rebuild that was cut off; the next one gives them back.
    """

    async def forget(self) -> int:
        """Drop all that the queue holds except the last token and what is set aside."""
        stay = {f"{self._prefix}token".encode(), self._aside.encode()}
        dropped = 0
        batch: list[bytes] = []
        try:
            async for key in self._client.scan_iter(match=f"{self._prefix}*", count=_BATCH):
                if key not in stay:
                    batch.append(key)
                if len(batch) >= _BATCH:
                    dropped += await self._drop(batch)
                    batch = []
            return dropped + await self._drop(batch)
        except RedisError as error:
            raise SystemicError(f"Redis: {error}") from error

    async def restore(self, resolution: Resolution, track_id: str) -> None:
        """Put a case that Kafka holds an answer for into ``resolved_pending``."""
        await self._run("restore", case_id_of(track_id), resolution.decision_id, resolution.model_dump_json())

    async def raise_token(self, least: int) -> None:
        """The next token will be above ``least``."""
        await self._run("raise_token", least)

    async def give_back(self, case_id: str) -> GivenBack:
        """What was set aside of this case, after it was opened again."""
        return GivenBack((await self._run("give_back", case_id)).decode())

    async def set_aside(self) -> Sequence[str]:
        """The cases of which something is set aside."""
        try:
            keys = cast("list[bytes]", await self._client.hkeys(self._aside))
        except RedisError as error:
            raise SystemicError(f"Redis: {error}") from error
        return [key.decode() for key in keys]

    @property
    def _aside(self) -> str:
        return f"{self._prefix}aside"

    async def _drop(self, keys: Sequence[bytes]) -> int:
        if keys:
            await self._run("drop", *keys)
        return len(keys)
