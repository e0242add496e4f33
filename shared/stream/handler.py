"""The port that a service's handlers fill: an event in, a typed outcome out."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from shared.events import Event
from shared.stream.outcome import Outcome
from shared.topics import Topic

E = TypeVar("E", bound=Event)


@dataclass(frozen=True)
class Subscription(Generic[E]):
    """A service reads ``topic`` with ``handle``.

    ``handle`` is called one message at a time per partition and may be called again with the same event.
    It may raise TransientError (as Retry), SystemicError (stop consuming, same message again); any other
    exception counts as Retry, then as a dead letter, and is logged with its stack.
    """

    topic: Topic
    handle: Callable[[E], Awaitable[Outcome]]

    @property
    def event(self) -> type[Event]:
        return self.topic.event
