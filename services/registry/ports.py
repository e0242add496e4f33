"""What the handlers need of the world."""

from collections.abc import AsyncIterable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from services.registry.domain import Recording, Refused
from shared.events import Event
from shared.objects.store import StoredObject

E = TypeVar("E", bound=Event)


class Ledger(Protocol[E]):
    """The last word on each key, and the way to say the next one."""

    @property
    def current(self) -> Mapping[str, E]: ...

    async def record(self, event: E) -> None:
        """Return when the record is kept and ``current`` has it.

        Raises:
            SystemicError: the broker did not acknowledge, or ``current`` did not follow. Repeating is safe.
        """
        ...


class Recordings(Protocol):
    """The room of the object store that reference recordings lie in."""

    async def put(self, chunks: AsyncIterable[bytes], *, limit_bytes: int) -> StoredObject:
        """As ``shared.objects.store.ObjectStore.put``."""
        ...

    async def remove(self, uri: str) -> None:
        """Remove it durably; one that is gone already is no error.

        Raises:
            StoreUnavailable: it could not be removed.
        """
        ...

    async def inspect(self, uri: str, file_name: str) -> Recording | Refused:
        """Decode it in a sandbox and count. Takes seconds."""
        ...


class Voiceprints(Protocol):
    """The artists' keys, and the templates on the topic. Every method may raise SystemicError."""

    async def make_key(self, artist_id: str, *, by: str) -> None:
        """From now on templates of the artist may be written. One who has a key keeps it."""
        ...

    async def forget(self, artist_id: str, *, by: str) -> None:
        """Destroy the key, then put a tombstone in the template's place. Repeating is safe."""
        ...

    def has_template(self, artist_id: str) -> bool:
        """Whether a sealed template lies on the topic."""
        ...


@dataclass(frozen=True)
class Delivered:
    """A file as it was sent."""

    file_name: str
    chunks: AsyncIterable[bytes]


MakeKey = Callable[[str], str]
"""A new API key for a distributor id."""
