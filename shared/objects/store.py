"""Where audio lies: content-addressed, written once, read by reference (claim check)."""

from collections.abc import AsyncIterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class StoredObject:
    """``uri`` is ``trackgate://[<room>/]sha256/<hex>``: the same bytes in a room have the same address."""

    uri: str
    sha256: str
    bytes: int


class ObjectStore(Protocol):
    async def put(self, chunks: AsyncIterable[bytes], *, limit_bytes: int) -> StoredObject:
        """Store a body while hashing it; needs memory for one chunk. Durable (fsync) on return.

        Raises:
            ObjectTooLarge: more than ``limit_bytes``; nothing is kept.
            StoreUnavailable: the store cannot be written, for example a full disk.
        """
        ...

    def local_path(self, uri: str) -> Path:
        """A path on this machine for decoding. Blocks while a remote store fetches.

        Raises:
            ObjectMissing: no such object, or not an address of this store.
            StoreUnavailable: the store did not answer.
        """
        ...
