"""A parsed delivery in, a typed outcome out: accepted, repeated, or refused with its faults."""

import base64
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import structlog

from services.ingest.domain import (
    Accepted,
    Fault,
    RefusalKind,
    Refused,
    Repeated,
    quota_day,
    seconds_to_next_day,
    track_id_of,
    upload_event_id,
)
from services.ingest.ports import (
    Announcer,
    Audio,
    AudioInspector,
    DeliveryLedger,
    Distributors,
    KeyHeld,
    KeyInUse,
    LedgerUnavailable,
    UploadViews,
    UsedUp,
    Within,
)
from shared.audio import DecodeFailure, FailureKind, Inspected
from shared.clock import Clock
from shared.errors import SystemicError
from shared.events import AcousticFingerprint, AudioRef, Declaration, DistributorRegistered, TrackUploaded
from shared.objects.store import StoredObject

log = structlog.get_logger()

_DEPENDS_ON_THE_DAY = {FailureKind.TIMED_OUT, FailureKind.OUT_OF_RESOURCES, FailureKind.CRASHED}
"""Failures that the same bytes need not meet again; others follow from the bytes alone."""


@dataclass(frozen=True)
class Delivery:
    """Everything of an upload that was read, its audio safe in the object store."""

    declaration: Declaration
    audio: StoredObject
    file_name: str | None


@dataclass(frozen=True)
class Admission:
    """A distributor may hand in one body. ``key_track_id`` is the track its key stood for before."""

    distributor: DistributorRegistered
    key_sha256: str | None
    key_track_id: str | None


class Intake:
    def __init__(
        self,
        *,
        distributors: Distributors,
        ledger: DeliveryLedger,
        views: UploadViews,
        announcer: Announcer,
        audio: Audio,
        inspector: AudioInspector,
        clock: Clock,
    ) -> None:
        self._distributors = distributors
        self._ledger = ledger
        self._views = views
        self._announcer = announcer
        self._audio = audio
        self._inspector = inspector
        self._clock = clock

    def identify(self, api_key: str | None) -> DistributorRegistered | Refused:
        distributor = self._distributors.by_key(api_key) if api_key else None
        if distributor is None:
            return Refused(
                RefusalKind.WRONG_KEY,
                (Fault("Authorization", "wants `Bearer` and the API key of a registered distributor"),),
            )
        if not distributor.active:
            return Refused(
                RefusalKind.NOT_ACTIVE, (Fault("Authorization", "this distributor may not deliver now"),)
            )
        return distributor

    @asynccontextmanager
    async def admit(
        self, distributor: DistributorRegistered, key_sha256: str | None
    ) -> AsyncIterator[Admission | Refused]:
        """Decide before the body is read; holds the idempotency key until the block ends.

        Without the ledger everybody is admitted: it is a view, and its outage must refuse nobody falsely.
        """
        async with AsyncExitStack() as stack:
            held = KeyHeld(None)
            try:
                if key_sha256 is not None:
                    got = await stack.enter_async_context(
                        self._ledger.hold(distributor.distributor_id, key_sha256)
                    )
                    if isinstance(got, KeyInUse):
                        yield Refused(
                            RefusalKind.KEY_IN_USE,
                            (Fault("Idempotency-Key", "a request with this key is being handled"),),
                            retry_after=5,
                        )
                        return
                    held = got
                today = quota_day(self._clock.now())
                count = await self._ledger.delivered_on(distributor.distributor_id, today)
                if held.track_id is None and count >= distributor.tracks_per_day:
                    yield self._quota(distributor)
                    return
            except LedgerUnavailable as error:
                log.warning("admitted without the ledger", error=str(error))
            yield Admission(distributor, key_sha256, held.track_id)

    async def accept(self, admission: Admission, delivery: Delivery) -> Accepted | Repeated | Refused:
        """Check the audio, announce the track, and only then say so.

        Refused audio is removed from the store when its bytes alone are the fault (no accepted track can
        refer to them); everything else that is refused stays for the store's sweep.

        Raises:
            PublishError: the broker did not acknowledge; nothing is promised, sending again is safe.
            SystemicError: the store or the decoder could not work.
        """
        distributor = admission.distributor
        track_id = track_id_of(distributor.distributor_id, delivery.audio.sha256, delivery.declaration)
        if admission.key_track_id is not None and admission.key_track_id != track_id:
            return Refused(
                RefusalKind.KEY_REUSED,
                (Fault("Idempotency-Key", "this key was used before with another request"),),
            )
        if await self._known(distributor.distributor_id, track_id):
            await self._bind(admission, track_id)
            return Repeated(track_id)
        inspected = await self._inspector.inspect(self._audio.local_path(delivery.audio.uri))
        if isinstance(inspected, DecodeFailure):
            return await self._refuse_audio(delivery.audio.uri, inspected)
        upload = self._event(track_id, admission, delivery, inspected)
        reserved = await self._reserve(upload, distributor.tracks_per_day)
        if isinstance(reserved, UsedUp):
            return self._quota(distributor)
        try:
            await self._announcer.announce(upload)
        except SystemicError:
            if reserved.fresh:
                await self._release(upload)
            raise
        await self._remember(upload)
        return Accepted(upload)

    def _event(
        self, track_id: str, admission: Admission, delivery: Delivery, inspected: Inspected
    ) -> TrackUploaded:
        now = self._clock.now()
        return TrackUploaded(
            event_id=upload_event_id(track_id),
            occurred_at=now,
            received_at=now,
            track_id=track_id,
            distributor_id=admission.distributor.distributor_id,
            declaration=delivery.declaration,
            audio=AudioRef(
                uri=delivery.audio.uri,
                sha256=delivery.audio.sha256,
                bytes=delivery.audio.bytes,
                container=inspected.container,
                codec=inspected.codec,
                sample_rate=inspected.sample_rate,
                channels=inspected.channels,
                frames=inspected.frames,
            ),
            idempotency_key_sha256=admission.key_sha256,
            file_name=delivery.file_name,
            fingerprint=_fingerprint(inspected),
        )

    def _quota(self, distributor: DistributorRegistered) -> Refused:
        return Refused(
            RefusalKind.QUOTA,
            (Fault("audio", f"{distributor.tracks_per_day} tracks were delivered today (UTC), the most"),),
            retry_after=seconds_to_next_day(self._clock.now()),
        )

    async def _refuse_audio(self, uri: str, failure: DecodeFailure) -> Refused:
        if failure.kind is FailureKind.TIMED_OUT:
            return Refused(RefusalKind.BUSY, (Fault("audio", failure.message),), retry_after=60)
        if failure.kind not in _DEPENDS_ON_THE_DAY:
            await self._audio.remove(uri)
        return Refused(RefusalKind.INVALID_AUDIO, (Fault("audio", f"{failure.message} ({failure.kind})"),))

    async def _known(self, distributor_id: str, track_id: str) -> bool:
        try:
            return await self._ledger.knows(distributor_id, track_id)
        except LedgerUnavailable:
            return False

    async def _bind(self, admission: Admission, track_id: str) -> None:
        if admission.key_sha256 is None or admission.key_track_id is not None:
            return
        try:
            await self._ledger.bind(admission.distributor.distributor_id, admission.key_sha256, track_id)
        except LedgerUnavailable as error:
            log.warning("key not bound", track_id=track_id, error=str(error))

    async def _reserve(self, upload: TrackUploaded, quota: int) -> Within | UsedUp:
        day = quota_day(upload.received_at)
        try:
            return await self._ledger.reserve(upload.distributor_id, day, upload.track_id, quota=quota)
        except LedgerUnavailable as error:
            log.warning("quota not counted", track_id=upload.track_id, error=str(error))
            return Within(fresh=False)

    async def _release(self, upload: TrackUploaded) -> None:
        try:
            await self._ledger.release(upload.distributor_id, quota_day(upload.received_at), upload.track_id)
        except LedgerUnavailable as error:
            log.warning("quota not given back", track_id=upload.track_id, error=str(error))

    async def _remember(self, upload: TrackUploaded) -> None:
        """Write the views. Their outage costs nothing that ``rebuild-views`` does not bring back."""
        try:
            await self._ledger.record(upload)
            await self._views.record(upload)
        except LedgerUnavailable as error:
            log.warning("views not written", track_id=upload.track_id, error=str(error))


def _fingerprint(inspected: Inspected) -> AcousticFingerprint | None:
    if inspected.fingerprint is None or inspected.pcm_sha256 is None:
        return None
    text = base64.urlsafe_b64encode(inspected.fingerprint).rstrip(b"=").decode()
    return AcousticFingerprint(chromaprint=text, pcm_sha256=inspected.pcm_sha256)
