"""Keeping the index in step with the registry: who is new is listened to, who withdraws is gone at once."""

import asyncio
import contextlib
from datetime import UTC, datetime
from enum import Enum, auto

import structlog

from services.voice_matcher.domain import HeardVoice, ReferenceVoice, VoiceTemplate
from services.voice_matcher.ears import Ears
from services.voice_matcher.index import VoiceIndex
from services.voice_matcher.known_voices import Known, is_whole, measured, used_of, voices_of
from services.voice_matcher.listening import REFERENCE
from services.voice_matcher.voiceprints import NoKey, Voiceprints
from shared.errors import ObjectMissing, StoreUnavailable, SystemicError
from shared.events import (
    ArtistStatus,
    ProtectedArtist,
    VoiceprintSealed,
    VoiceReference,
)
from shared.objects.store import ObjectStore
from shared.voiceprints.sealing import Unopened

TOGETHER = 200
"""Templates that are opened at once: their entries in the access log share one write."""
TRY_AGAIN_SECONDS = 10.0
MOST_FORESEEN = 100
"""Proposals whose measured voices are kept in memory; beyond, the oldest is measured again when approved."""

log = structlog.get_logger()


class Standing(Enum):
    """Whether an artist is found now; ``WAITING`` ends by itself, the others with the registry."""

    WAITING = auto()
    ENROLLED = auto()
    NOT_SEARCHED = auto()


class Enrolment:
    """The current index, and the artists still to be listened to.

    A template that another worker, or this one before its restart, has sealed is opened rather than measured
    again. Without ``voiceprints`` nothing is written or published, and templates are measured from the
    references whenever a process starts.
    """

    def __init__(
        self, ears: Ears, store: ObjectStore, index: VoiceIndex, *, voiceprints: Voiceprints | None = None
    ) -> None:
        self._ears = ears
        self._store = store
        self._index = index
        self._voiceprints = voiceprints
        self._measured: dict[str, tuple[ReferenceVoice, ...]] = {}
        self._foreseen: dict[str, Known] = {}
        self._sealed: dict[str, VoiceprintSealed] = {}
        self._unsealed: dict[str, ProtectedArtist] = {}
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
        for waiting in (self._pending, self._unusable, self._unsealed):
            waiting.pop(artist_id, None)
        if artist is None or artist.status is ArtistStatus.WITHDRAWN:
            self._foreseen.pop(artist_id, None)
            self._forget(artist_id)
        elif not artist.biometric_consent.strip():
            self._forget(artist_id)
            self._unusable[artist_id] = "no consent to voice recognition is recorded"
        else:
            self._pending[artist_id] = artist
            self._changed.set()

    def on_sealed(self, artist_id: str, sealed: VoiceprintSealed | None) -> None:
        """The last sealed template of an artist; None: deleted.

        Whether an artist is searched for is the registry's word alone: a deletion that is read after the
        artist came back must not leave them unprotected.
        """
        if sealed is None:
            self._sealed.pop(artist_id, None)
            return
        self._sealed[artist_id] = sealed
        waiting = self._unsealed.get(artist_id)
        if waiting is not None and self._is_sealed(waiting):
            self._measured.pop(artist_id, None)
            del self._unsealed[artist_id]

    def foresee(self, artist_id: str, known: Known) -> None:
        """What was measured for a proposal, kept in memory until it is answered: approving needs no ears."""
        self._foreseen.pop(artist_id, None)
        self._foreseen[artist_id] = known
        if len(self._foreseen) > MOST_FORESEEN:
            del self._foreseen[next(iter(self._foreseen))]

    def forget_foreseen(self, artist_id: str) -> None:
        """The proposal was turned down."""
        self._foreseen.pop(artist_id, None)

    async def settle(self) -> None:
        """Enrol all artists that are waiting; those that must wait for an outage to end stay pending."""
        waiting = list(self._pending.values())
        for start in range(0, len(waiting), TOGETHER):
            some = waiting[start : start + TOGETHER]
            known = await asyncio.gather(*(self._recall(artist) for artist in some))
            together = list(zip(some, known, strict=True))
            self._enrol([(artist, voices_of(artist, of)) for artist, of in together if is_whole(artist, of)])
            for artist, of in together:
                if not is_whole(artist, of):
                    await self._listen(artist, of)
        for artist in list(self._unsealed.values()):
            await self._keep(artist)

    async def run(self) -> None:
        """Enrol whatever the registry announces, until cancelled."""
        while True:
            waits = self._pending or (self._unsealed and self._voiceprints is not None)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), TRY_AGAIN_SECONDS if waits else None)
            self._changed.clear()
            await self.settle()

    async def _listen(self, artist: ProtectedArtist, known: Known) -> None:
        """Measure what is not known, and enrol."""
        known = dict(known)
        try:
            for reference in used_of(artist):
                if reference.sha256 not in known:
                    known[reference.sha256] = await self._measure(artist.artist_id, reference)
        except StoreUnavailable as error:
            log.warning("enrolment waits", artist=artist.artist_id, reason=str(error))
            return
        self._enrol([(artist, voices_of(artist, known))])

    async def _recall(self, artist: ProtectedArtist) -> Known:
        """What is known of the artist's recordings without listening."""
        known = dict(self._foreseen.get(artist.artist_id, {})) | {
            voice.sha256: voice for voice in self._measured.get(artist.artist_id, ())
        }
        sealed = self._sealed.get(artist.artist_id)
        if self._voiceprints is None or sealed is None or not self._voiceprints.fits(sealed):
            return known
        if is_whole(artist, known):
            return known
        try:
            voices = await self._voiceprints.recall(sealed)
        except SystemicError as error:
            log.warning("a template cannot be opened now", artist=artist.artist_id, reason=str(error))
            return known
        if isinstance(voices, NoKey | Unopened):
            log.info("a sealed template is of no use", artist=artist.artist_id, why=str(voices))
            return known
        return dict.fromkeys(sealed.references) | {voice.sha256: voice for voice in voices} | known

    async def _keep(self, artist: ProtectedArtist) -> None:
        """Seal what was measured; an outage, or a key that is not made yet, is tried again."""
        voices = self._measured.get(artist.artist_id, ())
        if self._voiceprints is None or self._unsealed.get(artist.artist_id) is not artist:
            return
        try:
            kept = await self._voiceprints.keep(artist, [one.sha256 for one in used_of(artist)], voices)
        except SystemicError as error:
            log.warning("a template is not sealed yet", artist=artist.artist_id, reason=str(error))
            return
        if isinstance(kept, NoKey):
            log.info("a template waits for its key", artist=artist.artist_id)

    def _is_sealed(self, artist: ProtectedArtist) -> bool:
        sealed = self._sealed.get(artist.artist_id)
        if sealed is None or self._voiceprints is None or not self._voiceprints.fits(sealed):
            return False
        return sealed.references == tuple(one.sha256 for one in used_of(artist))

    def _enrol(self, listened_to: list[tuple[ProtectedArtist, tuple[ReferenceVoice, ...]]]) -> None:
        """Those of whom the registry has not spoken again meanwhile."""
        current = [(a, voices) for a, voices in listened_to if self._pending.get(a.artist_id) is a]
        self._index.put_many(VoiceTemplate(a.artist_id, a.name, voices) for a, voices in current if voices)
        for artist, voices in current:
            del self._pending[artist.artist_id]
            self._foreseen.pop(artist.artist_id, None)
            if not voices:
                self._forget(artist.artist_id)
                self._unusable[artist.artist_id] = "no reference recording holds a voice that can be measured"
                log.error(
                    "artist cannot be protected", artist=artist.artist_id, references=len(artist.references)
                )
                continue
            if not self._is_sealed(artist):
                self._measured[artist.artist_id] = voices
                self._unsealed[artist.artist_id] = artist
            log.info(
                "artist enrolled", artist=artist.artist_id, references=len(voices), artists=len(self._index)
            )

    def _forget(self, artist_id: str) -> None:
        self._measured.pop(artist_id, None)
        if artist_id in self._index:
            self._index.remove(artist_id)
            log.info("artist forgotten", artist=artist_id, artists=len(self._index))

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
        return measured(reference, listening.heard)
