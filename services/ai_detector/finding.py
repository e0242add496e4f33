"""How a measurement reads as a finding."""

from datetime import datetime

from services.ai_detector.evidence import measurements, reason
from services.ai_detector.measurement import Measurement, PassageScore
from services.ai_detector.meter import Failure, Metered
from shared.events import FindingRecorded, Passage, TimeRange, TrackUploaded, Verdict
from shared.ids import deterministic_id

DETECTOR = "ai_detector"


def finding(track: TrackUploaded, metered: Metered, *, model_version: str, at: datetime) -> FindingRecorded:
    """One finding per track and model version, whatever came of it; a failure is an `error`."""
    if isinstance(metered.result, Failure):
        return _failed(track, metered.result, metered, model_version, at)
    return _measured(track, metered.result, metered, at)


def _measured(track: TrackUploaded, found: Measurement, metered: Metered, at: datetime) -> FindingRecorded:
    return FindingRecorded(
        event_id=deterministic_id(track.track_id, DETECTOR, found.model_version),
        occurred_at=at,
        track_id=track.track_id,
        audio_sha256=track.audio.sha256,
        detector=DETECTOR,
        model_version=found.model_version,
        verdict=found.verdict,
        score=found.score,
        probability=found.probability,
        threshold=found.threshold,
        reason=reason(found),
        seconds_measured=found.seconds_measured,
        cpu_seconds=metered.cpu_seconds,
        provenance=metered.provenance,
        passages=tuple(_passage(passage) for passage in found.passages),
        ranges=tuple(_passage(stretch) for stretch in found.ranges),
        parts=found.parts,
        measurements=measurements(found),
    )


def _failed(
    track: TrackUploaded, failure: Failure, metered: Metered, model_version: str, at: datetime
) -> FindingRecorded:
    return FindingRecorded(
        event_id=deterministic_id(track.track_id, DETECTOR, model_version),
        occurred_at=at,
        track_id=track.track_id,
        audio_sha256=track.audio.sha256,
        detector=DETECTOR,
        model_version=model_version,
        verdict=Verdict.ERROR,
        reason=f"{failure.kind}: {failure.detail}"[:1000],
        cpu_seconds=metered.cpu_seconds,
        provenance=metered.provenance,
    )


def _passage(scored: PassageScore) -> Passage:
    return Passage(
        range=TimeRange(start=scored.start, end=scored.end),
        score=scored.score,
        probability=scored.probability,
        verdict=scored.verdict,
        note=f"probability {scored.probability:.3f} by itself",
    )
