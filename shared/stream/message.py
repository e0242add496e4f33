"""Records as they lie on a topic, before anyone has read meaning into them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

Headers = Mapping[str, bytes]


@dataclass(frozen=True)
class Message:
    """A record that was received. ``value`` is untouched: poison must reach the dead letters as it came."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers = field(default_factory=dict)
    timestamp: datetime | None = None


@dataclass(frozen=True)
class Record:
    """A record to be published."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers = field(default_factory=dict)
