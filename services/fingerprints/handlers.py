"""A track was uploaded, or judged: say which tracks hold the same recording, and whether it was removed."""

import time
from collections.abc import Callable, Iterable

from services.fingerprints.domain import CompressionError, Recording
from services.fingerprints.finding import Occasion, compared, unreadable
from services.fingerprints.ports import Shelf
from services.fingerprints.search import CopySearch
from shared.clock import Clock
from shared.events import DecisionMade, RecordingCopy, TrackUploaded
from shared.events import Outcome as Decided
from shared.stream.outcome import Done, Outcome, Output, Retry
from shared.topics import FINDINGS


class CopyWatch:
    """Handles ``tracks.uploaded`` and ``tracks.decisions``.

    Whatever becomes known of one track is said of all tracks that hold its recording: a copy that was
    published before the recording was removed is found as well.
    """

    def __init__(
        self, shelf: Shelf, clock: Clock, *, cpu_seconds: Callable[[], float] = time.process_time
    ) -> None:
        self._shelf = shelf
        self._search = CopySearch(shelf)
        self._clock = clock
        self._cpu_seconds = cpu_seconds

    async def on_uploaded(self, track: TrackUploaded) -> Outcome:
        """Done with a finding on the track, and on each later one that was looked at before it."""
        try:
            recording = Recording.of(track)
        except CompressionError as error:
            return Done((Output(FINDINGS, unreadable(track, str(error), Occasion(self._clock.now(), 0.0))),))
        await self._shelf.add(recording)
        finding, copies = await self._looked_at(recording, None)
        later = [copy.track_id for copy in copies if not copy.earlier and not copy.same_distributor]
        return Done((finding, *await self._again(later, track.event_id)))

    async def on_decision(self, decision: DecisionMade) -> Outcome:
        """Done with a finding on every copy of a track that is removed, or is so no longer."""
        removed = decision.outcome is Decided.REJECT
        standing = await self._shelf.judged(decision.track_id, decision.sequence, removed=removed)
        if not standing.ever:
            return Done()
        shelved = (await self._shelf.load([decision.track_id])).get(decision.track_id)
        if shelved is None:
            return Retry("the removed track's upload has not been looked at yet")
        await self._shelf.keep_findable(shelved.recording)
        copies = await self._search.copies(shelved.recording)
        return Done(await self._again([copy.track_id for copy in copies], decision.event_id))

    async def _again(self, track_ids: Iterable[str], because: str) -> tuple[Output, ...]:
        shelved = await self._shelf.load(list(track_ids))
        looked = [await self._looked_at(other.recording, because) for other in shelved.values()]
        return tuple(output for output, _ in looked)

    async def _looked_at(
        self, recording: Recording, because: str | None
    ) -> tuple[Output, tuple[RecordingCopy, ...]]:
        started = self._cpu_seconds()
        copies = await self._search.copies(recording)
        occasion = Occasion(self._clock.now(), max(0.0, self._cpu_seconds() - started), because)
        return Output(FINDINGS, compared(recording, copies, occasion)), copies
