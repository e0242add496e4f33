"""Deciding tracks whose deadline has come, in the background of every worker."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from services.policy.ports import Deadlines
from shared.clock import Clock
from shared.errors import SystemicError, TrackgateError

log = structlog.get_logger()
BATCH = 100
LONGEST_WAIT = timedelta(seconds=30)
AFTER_OUTAGE = timedelta(seconds=5)
AFTER_FAULT = timedelta(seconds=60)


class Alarm(Protocol):
    async def wait(self, span: timedelta) -> None:
        """Return after ``span``, or earlier when rung."""
        ...


class EventAlarm:
    """An alarm on the event loop's clock."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        self._rung.set()

    async def wait(self, span: timedelta) -> None:
        try:
            await asyncio.wait_for(self._rung.wait(), max(0.0, span.total_seconds()))
        except TimeoutError:
            return
        finally:
            self._rung.clear()


class DeadlineSweep:
    """Several workers may sweep at once: the track's lock and deterministic ids make one decision of it.

    Nothing is swept before ``not_before``: after a start, findings that were published while no worker ran
    are read first.
    """

    def __init__(
        self,
        deadlines: Deadlines,
        decide: Callable[[str], Awaitable[None]],
        *,
        clock: Clock,
        alarm: Alarm,
        not_before: datetime,
    ) -> None:
        self._deadlines = deadlines
        self._decide = decide
        self._clock = clock
        self._alarm = alarm
        self._not_before = not_before

    async def run(self) -> None:
        while True:
            try:
                await self.sweep()
                pause = await self.pause()
            except SystemicError as error:
                log.warning("deadlines wait for an outage to end", error=str(error))
                pause = AFTER_OUTAGE
            await self._alarm.wait(pause)

    async def sweep(self) -> int:
        """Decide every track that is due; returns how many were."""
        swept = 0
        while self._clock.now() >= self._not_before:
            due = await self._deadlines.due(self._clock.now(), BATCH)
            for track_id in due:
                await self._decide_one(track_id)
            swept += len(due)
            if not due:
                break
        return swept

    async def pause(self) -> timedelta:
        """How long nothing will be due, as far as is known; another worker's deadlines are seen in time."""
        now = self._clock.now()
        following = await self._deadlines.next()
        if following is None:
            return LONGEST_WAIT
        return min(LONGEST_WAIT, max(following, self._not_before) - now)

    async def _decide_one(self, track_id: str) -> None:
        try:
            await self._decide(track_id)
        except SystemicError:
            raise
        except TrackgateError as error:
            log.exception("a deadline could not be met, trying again", track=track_id, error=str(error))
            await self._deadlines.set(track_id, self._clock.now() + AFTER_FAULT)
