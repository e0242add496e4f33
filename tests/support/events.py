"""Valid events for tests that care about something else."""

import uuid
from datetime import UTC, datetime

from shared.events import AudioRef, Declaration, FindingRecorded, TrackUploaded, Verdict
from shared.ids import deterministic_id

A_TIME = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SOME_SHA256 = "ab" * 32


def track_id(number: int) -> str:
    return str(uuid.UUID(int=number))


def an_upload(number: int = 1, **changes: object) -> TrackUploaded:
    upload = TrackUploaded(
        event_id=deterministic_id("upload", track_id(number)),
        occurred_at=A_TIME,
        track_id=track_id(number),
        distributor_id="northwind",
        declaration=Declaration(title=f"Song {number}", display_artist="Somebody"),
        audio=AudioRef(
            uri=f"trackgate://sha256/{SOME_SHA256}",
            sha256=SOME_SHA256,
            bytes=1000,
            container="wav",
            codec="pcm_s16le",
            sample_rate=44_100,
            channels=2,
            frames=441_000,
        ),
        received_at=A_TIME,
    )
    return upload.model_copy(update=changes)


def a_finding(of: TrackUploaded, *, detector: str = "ai_detector") -> FindingRecorded:
    return FindingRecorded(
        event_id=deterministic_id("finding", of.track_id, detector),
        occurred_at=A_TIME,
        track_id=of.track_id,
        audio_sha256=of.audio.sha256,
        detector=detector,
        model_version="test-1",
        verdict=Verdict.NOT_DETECTED,
    )
