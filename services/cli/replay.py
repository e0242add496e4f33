"""Replaying dead letters: each once, at a bounded rate, remembered only after the broker has it."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from services.cli.dead_letters import DeadLetter, Unreplayable, replay_record
from services.cli.replay_position import Position
from shared.clock import Clock
from shared.stream.publisher import Publisher

Place = tuple[str, int]


class Positions(Protocol):
    """What was replayed, by dead-letter topic and partition, kept where every operator sees it."""

    def load(self) -> Mapping[Place, Position]: ...

    def save(self, place: Place, position: Position) -> None:
        """Return when it is kept."""
        ...


@dataclass(frozen=True)
class Replayed:
    letter: DeadLetter
    to: str


@dataclass(frozen=True)
class Before:
    """It was replayed before, and ``again`` was not asked for."""

    letter: DeadLetter


@dataclass(frozen=True)
class Impossible:
    letter: DeadLetter
    reason: str


Step = Replayed | Before | Impossible


class Pace:
    """At most ``rate`` steps a second; the first at once."""

    def __init__(
        self, rate: float, monotonic: Callable[[], float], sleep: Callable[[float], Awaitable[None]]
    ) -> None:
        self._interval = 1.0 / rate
        self._monotonic = monotonic
        self._sleep = sleep
        self._next: float | None = None

    async def step(self) -> None:
        now = self._monotonic()
        if self._next is not None and self._next > now:
            await self._sleep(self._next - now)
            now = self._next
        self._next = now + self._interval


class Replay:
    """``dry`` says what would happen and changes nothing."""

    def __init__(
        self, positions: Positions, publisher: Publisher, clock: Clock, pace: Pace, *, again: bool, dry: bool
    ) -> None:
        self._positions = positions
        self._publisher = publisher
        self._clock = clock
        self._pace = pace
        self._again = again
        self._dry = dry

    async def run(
        self, letters: Iterable[DeadLetter], tell: Callable[[Step], None], *, limit: int | None = None
    ) -> None:
        """Replay ``letters`` in order, telling each step as it is done; ``limit`` counts those replayed.

        Stopped between two letters nothing is lost; stopped between the broker's answer and remembering it,
        one letter is replayed again next time, which changes nothing since ids follow from what was read.

        Raises:
            PublishError: the broker did not take one; it and those after it have not been replayed.
            TooScattered: what was replayed can no longer be remembered.
        """
        known = dict(self._positions.load())
        replayed = 0
        for letter in letters:
            if replayed == limit:
                return
            place = (letter.message.topic, letter.message.partition)
            position = known.get(place, Position(0))
            if position.has(letter.message.offset) and not self._again:
                tell(Before(letter))
                continue
            record = replay_record(letter, self._clock.now())
            if isinstance(record, Unreplayable):
                tell(Impossible(letter, record.reason))
                continue
            if not self._dry:
                after = position.with_replayed(letter.message.offset)
                after.ranges()
                await self._pace.step()
                await self._publisher.publish(record)
                if after != position:
                    self._positions.save(place, after)
                    known[place] = after
            replayed += 1
            tell(Replayed(letter, record.topic))
