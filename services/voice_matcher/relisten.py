"""A voice was protected: tracks that were screened before are listened to again for it."""

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

import structlog

from services.voice_matcher.enrolment import Enrolment, Standing
from services.voice_matcher.finding import DETECTOR
from services.voice_matcher.handlers import TrackListener
from shared.clock import Clock
from shared.errors import ContractError, ObjectMissing
from shared.events import ArtistStatus, ProtectedArtist, RelistenRequested, TrackUploaded, Verdict
from shared.stream.envelope import envelope
from shared.stream.outcome import Done, Outcome, Output, Retry
from shared.stream.publisher import Publisher
from shared.topics import FINDINGS, RELISTENS

BATCH = 500
ENROLMENT_MARGIN = timedelta(days=1)
"""A track received this long after the registration was listened to with the artist in the index."""

Uploads = Callable[[], Iterable[bytes | None]]
"""All values on ``tracks.uploaded`` from its start. Blocks; raises SystemicError when the broker is away."""

log = structlog.get_logger()


class Relistening:
    """Handles ``registry.artists`` and ``tracks.relistens``."""

    def __init__(
        self,
        listener: TrackListener,
        enrolment: Enrolment,
        uploads: Uploads,
        publisher: Publisher,
        clock: Clock,
        *,
        days: int,
    ) -> None:
        """``days``: tracks received longer ago are left alone; 0 listens to nothing again."""
        self._listener = listener
        self._enrolment = enrolment
        self._uploads = uploads
        self._publisher = publisher
        self._clock = clock
        self._days = days

    async def on_artist(self, artist: ProtectedArtist) -> Outcome:
        """Done when a request for every recent track is acknowledged; a repeat asks with the same ids.

        A word that leaves the recordings and their groups as they were asks for nothing: its predecessor did.
        """
        if not self._days or artist.status is ArtistStatus.WITHDRAWN or not artist.changes_the_voice:
            return Done()
        match self._enrolment.standing(artist.artist_id, artist.occurred_at):
            case Standing.WAITING:
                return Retry("the artist is not listened to yet")
            case Standing.NOT_SEARCHED:
                return Done()
        since = self._clock.now() - timedelta(days=self._days)
        tracks = await asyncio.to_thread(
            received_between, self._uploads, since, artist.occurred_at + ENROLMENT_MARGIN
        )
        requests = [RelistenRequested.of(track, artist) for track in tracks]
        for start in range(0, len(requests), BATCH):
            records = [envelope(RELISTENS, one, source=DETECTOR) for one in requests[start : start + BATCH]]
            await asyncio.gather(*(self._publisher.publish(record) for record in records))
        log.info("tracks will be listened to again", artist=artist.artist_id, tracks=len(requests))
        return Done()

    async def on_relisten(self, request: RelistenRequested) -> Outcome:
        """Done with a finding where the artist is at least possible, else with nothing."""
        match self._enrolment.standing(request.artist_id, request.occurred_at):
            case Standing.WAITING:
                return Retry("the artist is not listened to yet")
            case Standing.NOT_SEARCHED:
                return Done()
        try:
            finding = await self._listener.listen(request, because=request.artist_event_id)
        except ObjectMissing:
            log.warning("audio is gone and is not listened to again", track=request.track_id)
            return Done()
        if finding.verdict is Verdict.ERROR:
            log.warning("listening again failed", track=request.track_id, why=finding.reason)
        if any(found.artist_id == request.artist_id for found in finding.matches):
            return Done((Output(FINDINGS, finding),))
        return Done()


def received_between(uploads: Uploads, since: datetime, until: datetime) -> list[TrackUploaded]:
    """The latest upload of each track, where it was received from ``since`` to ``until``. Blocks."""
    latest: dict[str, TrackUploaded] = {}
    for value in uploads():
        try:
            track = TrackUploaded.from_bytes(value)
        except ContractError as error:
            log.warning("skipped a bad record", fault=str(error))
            continue
        if since <= track.received_at <= until:
            latest[track.track_id] = track
        else:
            latest.pop(track.track_id, None)
    return list(latest.values())
