"""The queue in Redis. Kafka is the record; see services.moderation.rebuild."""

from collections.abc import Sequence

from redis.exceptions import RedisError

from services.moderation.adapters.queue_answers import QueueAnswers
from services.moderation.adapters.queue_claims import QueueClaims
from services.moderation.adapters.queue_encoding import milliseconds, opening_of
from services.moderation.domain.cases import CaseSummary, appeal_case_id_of, case_id_of
from services.moderation.domain.outcomes import Applied
from shared.errors import SystemicError


class RedisQueue(QueueClaims, QueueAnswers):
    """``client`` must be made with ``decode_responses=False``; it may be shared by all tasks of a process.

    Times are the injected clock's. Clocks of two processes that differ make a lease longer or shorter by the
    difference, and nothing worse: whether a claim still counts is decided by its token.

    Raises:
        SystemicError: from every method, when Redis does not answer.
    """

    @property
    def changes(self) -> str:
        """Pub/sub channel that says ``<what> <case id>`` after every change."""
        return f"{self._prefix}changes"

    async def open(self, summary: CaseSummary) -> Applied:
        applied = await self._run("open", *opening_of(summary))
        return Applied(applied.decode())

    async def open_many(self, summaries: Sequence[CaseSummary]) -> list[Applied]:
        """``open`` for each, one round trip for all: each is atomic, all of them together are not."""
        script = self._script("open")
        now = milliseconds(self._clock.now())
        try:
            async with self._client.pipeline(transaction=False) as pipe:
                for summary in summaries:
                    await script(keys=[self._prefix], args=[now, *opening_of(summary)], client=pipe)
                return [Applied(applied.decode()) for applied in await pipe.execute()]
        except RedisError as error:
            raise SystemicError(f"Redis: {error}") from error

    async def close(self, track_id: str, decision_id: str, sequence: int, *, appeal: bool = False) -> Applied:
        case_id = appeal_case_id_of(track_id) if appeal else case_id_of(track_id)
        applied = await self._run("close", case_id, sequence, decision_id)
        return Applied(applied.decode())
