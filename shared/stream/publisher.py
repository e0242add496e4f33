"""The port through which records leave a service."""

from typing import Protocol

from shared.stream.message import Record


class Publisher(Protocol):
    async def publish(self, record: Record) -> None:
        """Return only when all in-sync replicas have the record.

        Raises:
            PublishError: the broker did not acknowledge; the record may or may not be there, and
                publishing it again is safe because ids are deterministic.
        """
        ...
