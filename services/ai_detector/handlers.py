"""A track was uploaded: measure its audio and say what was found."""

import asyncio

from services.ai_detector.finding import finding
from services.ai_detector.meter import Meter
from shared.clock import Clock
from shared.errors import ObjectMissing
from shared.events import TrackUploaded
from shared.objects.store import ObjectStore
from shared.stream.outcome import Done, Outcome, Output, Retry
from shared.topics import FINDINGS


class TrackMeasurer:
    """Handles `tracks.uploaded`."""

    def __init__(self, meter: Meter, store: ObjectStore, clock: Clock, *, model_version: str) -> None:
        self._meter = meter
        self._store = store
        self._clock = clock
        self._model_version = model_version

    async def on_uploaded(self, track: TrackUploaded) -> Outcome:
        """Done with one finding, an `error` included; Retry when the audio is not in the store (yet).

        Raises:
            StoreUnavailable, SystemicError: an outage that is not this track's fault; the runner waits.
        """
        try:
            path = await asyncio.to_thread(self._store.local_path, track.audio.uri)
            metered = await self._meter.measure(path, sha256=track.audio.sha256)
        except ObjectMissing as missing:
            return Retry(f"audio cannot be read: {missing}")
        event = finding(track, metered, model_version=self._model_version, at=self._clock.now())
        return Done((Output(FINDINGS, event),))
