"""Views that Redis lost come back while the worker runs, and an outage does not end the looking after."""

import asyncio

import pytest

from shared.errors import SystemicError
from shared.views.guard import ViewGuard


class Rebuild:
    """Answers as told, one entry a call."""

    def __init__(self, *answers: Exception | None) -> None:
        self.answers = list(answers)
        self.calls = 0

    async def ensure(self) -> None:
        self.calls += 1
        answer = self.answers.pop(0)
        if answer is not None:
            raise answer


class Pauses:
    """Lets the guard go on ``times`` times and then holds it for good."""

    def __init__(self, times: int) -> None:
        self.left = times
        self.held = asyncio.Event()

    async def __call__(self) -> None:
        if self.left == 0:
            self.held.set()
            await asyncio.Event().wait()
        self.left -= 1


async def looked_after(rebuild: Rebuild, times: int) -> None:
    pauses = Pauses(times)
    running = asyncio.ensure_future(ViewGuard(rebuild, pauses, named="tracks").run())
    held = asyncio.ensure_future(pauses.held.wait())
    await asyncio.wait([running, held], return_when=asyncio.FIRST_COMPLETED, timeout=5)
    held.cancel()
    if running.done():
        running.result()
    running.cancel()


async def test_it_looks_after_the_views_at_every_beat() -> None:
    rebuild = Rebuild(None, None, None)
    await looked_after(rebuild, 3)
    assert rebuild.calls == 3


async def test_it_goes_on_after_an_outage() -> None:
    rebuild = Rebuild(SystemicError("Redis: away"), SystemicError("Kafka: away"), None)
    await looked_after(rebuild, 3)
    assert rebuild.calls == 3


async def test_a_fault_of_ours_is_not_swallowed() -> None:
    with pytest.raises(ZeroDivisionError):
        await looked_after(Rebuild(ZeroDivisionError()), 1)
