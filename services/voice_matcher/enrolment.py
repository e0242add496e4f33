"""Keeping the index in step with the registry: who is new is listened to, who withdraws is gone at once."""

import asyncio
import contextlib
from datetime import UTC, datetime
from enum import Enum, auto

import structlog

from services.voice_matcher.domain import HeardVoice, ReferenceVoice, VoiceTemplate
from services.voice_matcher.ears import Ears
from services.voice_matcher.embedding import DIMENSIONS
from services.voice_matcher.index import VoiceIndex
from services.voice_matcher.listening import REFERENCE
from shared.errors import ObjectMissing, StoreUnavailable
from shared.events import ArtistStatus, ProtectedArtist, VoiceReference
from shared.objects.store import ObjectStore

MOST_REFERENCES = 8
"""More references than this do not make the template better (measured up to 8)."""
TRY_AGAIN_SECONDS = 10.0

log = structlog.get_logger()


class Standing(Enum):
    """Whether an artist is found now; ``WAITING`` ends by itself, the others with the registry."""

    WAITING = auto()
    ENROLLED = auto()
    NOT_SEARCHED = auto()


class Enrolment:
    """The current index, and the artists still to be listened to.

    Voiceprints live here and in no other place: nothing is written, nothing is published. They are measured
    from the references again whenever a process starts.
    """

    def __init__(self, ears: Ears, store: ObjectStore, index: VoiceIndex) -> None:
        self._ears = ears
        self._store = store
        self._index = index
        self._measured: dict[str, tuple[ReferenceVoice, ...]] = {}
        self._pending: dict[str, ProtectedArtist] = {}
        self._unusable: dict[str, str] = {}
        self._changed = asyncio.Event()
        self._word_at: dict[str, datetime] = {}

    @property
    def index(self) -> VoiceIndex:
        """The artists that can be found now."""
        return self._index

    @property
    def unusable(self) -> dict[str, str]:
        """Protected artists who cannot be found, and why: their absence from a finding means nothing."""
        return self._unusable | dict.fromkeys(self._pending, "not listened to yet")

    def standing(self, artist_id: str, as_of: datetime) -> Standing:
        """Where an artist stands by what the registry said at ``as_of`` or later."""
        word_at = self._word_at.get(artist_id)
        if word_at is None or word_at < as_of or artist_id in self._pending:
            return Standing.WAITING
        return Standing.ENROLLED if artist_id in self._index.artists else Standing.NOT_SEARCHED

    def on_change(self, artist_id: str, artist: ProtectedArtist | None) -> None:
        """The registry's last word on an artist, None if deleted. Withdrawal acts before this returns."""
        self._word_at[artist_id] = datetime.max.replace(tzinfo=UTC) if artist is None else artist.occurred_at
        self._pending.pop(artist_id, None)
        self._unusable.pop(artist_id, None)
        if artist is None or artist.status is ArtistStatus.WITHDRAWN:
            self._forget(artist_id)
        elif not artist.biometric_consent.strip():
            self._forget(artist_id)
            self._unusable[artist_id] = "no consent to voice recognition is recorded"
        else:
            self._pending[artist_id] = artist
            self._changed.set()

    async def settle(self) -> None:
        """Listen to all artists that are waiting; those that must wait for an outage to end stay pending."""
        for artist_id, artist in list(self._pending.items()):
            try:
                voices = await self._listen(artist)
            except StoreUnavailable as error:
                log.warning("enrolment waits", artist=artist_id, reason=str(error))
                continue
            if self._pending.get(artist_id) is not artist:
                continue  # the registry spoke again meanwhile
            del self._pending[artist_id]
            self._enrol(artist, voices)

    async def run(self) -> None:
        """Enrol whatever the registry announces, until cancelled."""
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), TRY_AGAIN_SECONDS if self._pending else None)
            self._changed.clear()
            await self.settle()

    def _enrol(self, artist: ProtectedArtist, voices: tuple[ReferenceVoice, ...]) -> None:
        if not voices:
            self._forget(artist.artist_id)
            self._unusable[artist.artist_id] = "no reference recording holds a voice that can be measured"
            log.error(
                "artist cannot be protected", artist=artist.artist_id, references=len(artist.references)
            )
            return
        self._measured[artist.artist_id] = voices
        self._index = self._index.with_template(VoiceTemplate(artist.artist_id, artist.name, voices))
        log.info("artist enrolled", artist=artist.artist_id, references=len(voices), artists=len(self._index))

    def _forget(self, artist_id: str) -> None:
        self._measured.pop(artist_id, None)
        if artist_id in self._index.artists:
            self._index = self._index.without(artist_id)
            log.info("artist forgotten", artist=artist_id, artists=len(self._index))

    async def _listen(self, artist: ProtectedArtist) -> tuple[ReferenceVoice, ...]:
        known = {voice.sha256: voice for voice in self._measured.get(artist.artist_id, ())}
        voices = [
            known.get(reference.sha256) or await self._measure(artist.artist_id, reference)
            for reference in artist.references[:MOST_REFERENCES]
        ]
        return tuple(voice for voice in voices if voice is not None)

    async def _measure(self, artist_id: str, reference: VoiceReference) -> ReferenceVoice | None:
        try:
            path = await asyncio.to_thread(self._store.local_path, reference.uri)
        except ObjectMissing:
            log.error("reference is missing", artist=artist_id, uri=reference.uri)  # noqa: TRY400 - no stack needed
            return None
        listening = await self._ears.listen(path, REFERENCE, sha256=reference.sha256)
        if not isinstance(listening.heard, HeardVoice):
            log.warning("reference has no usable voice", artist=artist_id, why=listening.heard.detail)
            return None
        heard = listening.heard
        vectors = {network: heard.mean(network) for network in DIMENSIONS}
        return ReferenceVoice(reference.uri, reference.sha256, heard.seconds, vectors)
