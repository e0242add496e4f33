"""How a comparison reads as a finding."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.voice_matcher.domain import ArtistScore, Calibration, HeardVoice, MatchVerdict
from shared.events import ArtistMatch, AudioRef, FindingRecorded, Passage, TimeRange, Verdict
from shared.ids import deterministic_id

DETECTOR = "voice_matcher"

_VERDICT = {
    MatchVerdict.MATCH: Verdict.MATCH,
    MatchVerdict.POSSIBLE: Verdict.POSSIBLE,
    MatchVerdict.NO_MATCH: Verdict.NO_MATCH,
}


class Delivered(Protocol):
    """What is listened to, whatever event asks for it."""

    @property
    def track_id(self) -> str: ...

    @property
    def audio(self) -> AudioRef: ...


@dataclass(frozen=True)
class Measured:
    """What every finding of this detector says about how it came about.

    ``because`` is the id of the event for which a track is listened to again.
    """

    track: Delivered
    model_version: str
    at: datetime
    cpu_seconds: float
    seconds_searched: float
    artists: int
    unusable: int
    because: str | None = None

    @property
    def event_id(self) -> str:
        again = () if self.because is None else (self.because,)
        return deterministic_id(self.track.track_id, DETECTOR, self.model_version, *again)

    @property
    def measurements(self) -> dict[str, float | str]:
        """``artists_not_searched`` counts protected artists of whom this finding says nothing.

        ``seconds_searched`` below the recording's length: voices that come later were not looked for.
        """
        return {
            "artists_searched": float(self.artists),
            "artists_not_searched": float(self.unusable),
            "seconds_searched": self.seconds_searched,
        }


def not_measured(measured: Measured, code: str, detail: str) -> FindingRecorded:
    """There was nothing to measure: ``code`` says why in one word, the reason in a sentence."""
    return _without_scores(measured, Verdict.NOT_MEASURED, code, detail)


def failed(measured: Measured, code: str, detail: str) -> FindingRecorded:
    """There should have been a measurement and there is none: policy does not let this pass."""
    return _without_scores(measured, Verdict.ERROR, code, detail)


def _without_scores(measured: Measured, verdict: Verdict, code: str, detail: str) -> FindingRecorded:
    return FindingRecorded(
        event_id=measured.event_id,
        occurred_at=measured.at,
        track_id=measured.track.track_id,
        audio_sha256=measured.track.audio.sha256,
        detector=DETECTOR,
        model_version=measured.model_version,
        verdict=verdict,
        reason=f"{code}: {detail}"[:1000],
        cpu_seconds=measured.cpu_seconds,
        measurements=measured.measurements | {"not_measured_because": code},
    )


def compared(
    measured: Measured, heard: HeardVoice, scores: Sequence[ArtistScore], calibration: Calibration
) -> FindingRecorded:
    """One finding for all artists: those at least possible are listed, each judged alone.

    ``score`` and ``probability`` are those of the highest artist, named or not: without them a reviewer could
    not see how near a ``no_match`` was.
    """
    listed = [score for score in scores if score.verdict is not MatchVerdict.NO_MATCH]
    best = max(scores, key=lambda score: score.score, default=None)
    verdict = max((_VERDICT[s.verdict] for s in listed), key=_severity, default=Verdict.NO_MATCH)
    return FindingRecorded(
        event_id=measured.event_id,
        occurred_at=measured.at,
        track_id=measured.track.track_id,
        audio_sha256=measured.track.audio.sha256,
        detector=DETECTOR,
        model_version=measured.model_version,
        verdict=verdict,
        score=best.score if best else None,
        probability=best.probability if best else None,
        threshold=calibration.match,
        seconds_measured=heard.seconds,
        cpu_seconds=measured.cpu_seconds,
        matches=tuple(_match(score, calibration) for score in listed),
        measurements=measured.measurements
        | {
            "voice_log_odds": heard.odds,
            "windows": float(len(heard.windows)),
            "possible_threshold": calibration.possible,
            "prior": calibration.prior,
            "match_probability": calibration.probability(calibration.match),
        },
    )


def _severity(verdict: Verdict) -> int:
    return (Verdict.NO_MATCH, Verdict.POSSIBLE, Verdict.MATCH).index(verdict)


def _match(score: ArtistScore, calibration: Calibration) -> ArtistMatch:
    return ArtistMatch(
        artist_id=score.artist_id,
        verdict=_VERDICT[score.verdict],
        score=score.score,
        probability=score.probability,
        threshold=calibration.match if score.verdict is MatchVerdict.MATCH else calibration.possible,
        passages=tuple(
            Passage(
                range=TimeRange(start=passage.start, end=passage.end),
                score=passage.score,
                note=f"against {score.reference}",
            )
            for passage in score.passages
        ),
    )
