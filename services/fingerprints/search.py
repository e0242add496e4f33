"""Finding every track that holds the same recording."""

from dataclasses import replace

from services.fingerprints.alignment import align
from services.fingerprints.domain import Candidate, Recording, copy_of, weighed
from services.fingerprints.ports import Shelf, Shelved
from services.fingerprints.terms import Lead, leads, words_of
from shared.events import RecordingCopy


class CopySearch:
    """Looks words of the fingerprint up, then compares bit by bit those recordings that share many."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    async def copies(self, recording: Recording) -> tuple[RecordingCopy, ...]:
        """All copies but the track itself."""
        same = await self._shelf.same_bytes(recording)
        found = await self._leads(recording)
        shelved = await self._shelf.load({*same, *found} - {recording.track_id})
        copies = (
            copy_of(recording, _candidate(recording, other, found.get(track_id)))
            for track_id, other in shelved.items()
        )
        return weighed([copy for copy in copies if copy is not None])

    async def _leads(self, recording: Recording) -> dict[str, Lead]:
        if recording.sound is None or not recording.sound.size:
            return {}
        by_number = {lead.number: lead for lead in leads(await self._shelf.find(words_of(recording.sound)))}
        ids = await self._shelf.numbered(by_number)
        return {track_id: by_number[number] for number, track_id in ids.items()}


def _candidate(recording: Recording, other: Shelved, lead: Lead | None) -> Candidate:
    known = Candidate(other.recording, other.removed)
    if lead is None or recording.sound is None or other.recording.sound is None:
        return known
    return replace(known, alignment=align(recording.sound, other.recording.sound, lead.anchor, lead.offset))
