"""A track was uploaded: listen to it, compare it with every protected artist, say what was found."""

import asyncio

from services.voice_matcher.domain import Calibration, NotHeard
from services.voice_matcher.ears import Ears, Failure, Listening
from services.voice_matcher.enrolment import Enrolment
from services.voice_matcher.finding import Delivered, Measured, compared, failed, not_measured
from services.voice_matcher.index import MOST_LISTED
from services.voice_matcher.listening import UPLOAD
from shared.clock import Clock
from shared.errors import ObjectMissing
from shared.events import FindingRecorded, TrackUploaded
from shared.objects.store import ObjectStore
from shared.stream.outcome import Done, Outcome, Output, Retry
from shared.topics import FINDINGS


class TrackListener:
    """Handles ``tracks.uploaded``. The track's own embedding is compared and dropped."""

    def __init__(
        self,
        ears: Ears,
        store: ObjectStore,
        enrolment: Enrolment,
        clock: Clock,
        *,
        calibration: Calibration,
        model_version: str,
    ) -> None:
        self._ears = ears
        self._store = store
        self._enrolment = enrolment
        self._clock = clock
        self._calibration = calibration
        self._model_version = model_version

    async def on_uploaded(self, track: TrackUploaded) -> Outcome:
        """Done with one finding, whatever was heard; Retry when the audio is not in the store (yet)."""
        try:
            finding = await self.listen(track)
        except ObjectMissing as missing:
            return Retry(f"audio cannot be read: {missing}")
        return Done((Output(FINDINGS, finding),))

    async def listen(self, track: Delivered, *, because: str | None = None) -> FindingRecorded:
        """Compare a track with everyone in the index.

        ``because`` is the event for which it is listened to again: it tells the findings of a track apart.

        Raises:
            ObjectMissing: the audio is not in the store.
        """
        path = await asyncio.to_thread(self._store.local_path, track.audio.uri)
        listening = await self._ears.listen(path, UPLOAD, sha256=track.audio.sha256)
        return self._finding(track, listening, because)

    def _finding(self, track: Delivered, listening: Listening, because: str | None) -> FindingRecorded:
        index = self._enrolment.index  # taken after listening: a withdrawal meanwhile counts
        measured = Measured(
            track=track,
            model_version=self._model_version,
            at=self._clock.now(),
            cpu_seconds=listening.cpu_seconds,
            seconds_searched=listening.seconds_searched,
            artists=len(index),
            unusable=len(self._enrolment.unusable),
            because=because,
        )
        heard = listening.heard
        if isinstance(heard, Failure):
            return failed(measured, heard.kind.value, heard.detail)
        if isinstance(heard, NotHeard):
            return not_measured(measured, heard.why.value, heard.detail)
        found = index.search(heard, at_most=MOST_LISTED)
        return compared(measured, heard, found, self._calibration)
