"""How a search for copies reads as a finding."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.fingerprints.alignment import SAME_BELOW
from services.fingerprints.domain import Recording, telling, verdict_on
from shared.events import FindingRecorded, Passage, RecordingCopy, TrackUploaded, Verdict
from shared.ids import deterministic_id

DETECTOR = "fingerprint"
VERSION = "chromaprint-2.1"
"""The fingerprint's algorithm, and the way in which two are compared."""


@dataclass(frozen=True)
class Occasion:
    """When and why a track was looked at: ``because`` is an event about another track, if it was one."""

    at: datetime
    cpu_seconds: float
    because: str | None = None

    def event_id(self, track_id: str) -> str:
        again = () if self.because is None else (self.because,)
        return deterministic_id(track_id, DETECTOR, VERSION, *again)


def compared(recording: Recording, copies: Sequence[RecordingCopy], occasion: Occasion) -> FindingRecorded:
    """``score`` is the share of fingerprint bits that agree in the nearest copy: 1 the same, 0.5 chance."""
    verdict = verdict_on(recording, copies)
    named = telling(copies)
    passages = tuple(_passage(copy) for copy in named)
    measured = recording.sound is not None and recording.sound.size > 0
    return FindingRecorded(
        event_id=occasion.event_id(recording.track_id),
        occurred_at=occasion.at,
        track_id=recording.track_id,
        audio_sha256=recording.audio_sha256,
        detector=DETECTOR,
        model_version=VERSION,
        verdict=verdict,
        score=max((passage.score for passage in passages), default=None),
        threshold=1.0 - SAME_BELOW,
        reason="no_fingerprint: too short for one, or delivered before they were made"
        if verdict is Verdict.NOT_MEASURED
        else None,
        seconds_measured=recording.seconds if measured else 0.0,
        cpu_seconds=occasion.cpu_seconds,
        passages=passages,
        copies=named,
        measurements={
            "copies": float(len(copies)),
            "removed_copies": float(sum(copy.removed for copy in copies)),
            "copies_elsewhere": float(sum(not copy.same_distributor for copy in copies)),
        },
    )


def unreadable(track: TrackUploaded, why: str, occasion: Occasion) -> FindingRecorded:
    """There should have been a comparison and there is none: policy does not let this pass."""
    return FindingRecorded(
        event_id=occasion.event_id(track.track_id),
        occurred_at=occasion.at,
        track_id=track.track_id,
        audio_sha256=track.audio.sha256,
        detector=DETECTOR,
        model_version=VERSION,
        verdict=Verdict.ERROR,
        reason=f"bad_fingerprint: {why}"[:1000],
    )


def _passage(copy: RecordingCopy) -> Passage:
    state = "removed" if copy.removed else "delivered"
    note = f"the same as track {copy.track_id} ({state}) from {copy.there.start:.0f} s"
    return Passage(range=copy.here, score=round(1.0 - copy.bit_error_rate, 4), note=note)
