"""Announcing an accepted delivery on ``tracks.uploaded``."""

from shared.events import TrackUploaded
from shared.stream.envelope import envelope
from shared.stream.publisher import Publisher
from shared.topics import UPLOADS


class KafkaAnnouncer:
    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher

    async def announce(self, upload: TrackUploaded) -> None:
        await self._publisher.publish(envelope(UPLOADS, upload, source="ingest"))
