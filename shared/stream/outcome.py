"""What a handler answers: the three things that can become of a message."""

from dataclasses import dataclass

from shared.events import Event
from shared.topics import Topic


@dataclass(frozen=True)
class Output:
    """An event for a topic. Its key is the event's own, so order per track is kept."""

    topic: Topic
    event: Event


@dataclass(frozen=True)
class Done:
    """Handled. The outputs are acknowledged by the broker before the message is committed."""

    outputs: tuple[Output, ...] = ()


@dataclass(frozen=True)
class Retry:
    """May succeed later: goes to the next retry topic, and past the last one to the dead letters."""

    reason: str


@dataclass(frozen=True)
class Reject:
    """Will never succeed: goes to the dead letters, bytes untouched. ``reason`` quotes no user content."""

    reason: str
    kind: str = "rejected"


Outcome = Done | Retry | Reject
