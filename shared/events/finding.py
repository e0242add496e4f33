"""What a detector measured. A finding never decides."""

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from shared.events.base import Event, Probability, Record, Sha256, Slug, TimeRange, TrackId


class Verdict(StrEnum):
    """What was measured, in words that claim no more than that. There is no ``human``."""

    LIKELY_GENERATED = "likely_generated"
    MATCH = "match"
    POSSIBLE = "possible"
    INCONCLUSIVE = "inconclusive"
    NOT_DETECTED = "not_detected"
    NO_MATCH = "no_match"
    NOT_MEASURED = "not_measured"
    ERROR = "error"


class Passage(Record):
    """A time range with the score it got by itself."""

    range: TimeRange
    score: float
    note: str | None = None


class ArtistMatch(Record):
    """One protected artist whose voice is above the ``possible`` threshold. Never "the nearest"."""

    artist_id: Slug
    verdict: Verdict
    score: float
    probability: Probability
    threshold: float
    passages: tuple[Passage, ...] = ()


class FindingRecorded(Event):
    """One detector's result on one track's audio.

    ``score`` is the detector's own scale and ``threshold`` the value on it from which the verdict is
    positive; ``probability`` is calibrated. ``reason`` says why nothing was measured, or what failed.
    ``measurements`` are the named numbers behind the score, for a reviewer and for drift watching.
    """

    event_type: ClassVar[str] = "trackgate.finding.recorded.v1"

    track_id: TrackId
    audio_sha256: Sha256
    detector: Slug
    model_version: str
    verdict: Verdict
    score: float | None = None
    probability: Probability | None = None
    threshold: float | None = None
    reason: str | None = Field(default=None, max_length=1000)
    seconds_measured: Annotated[float, Field(ge=0.0)] = 0.0
    cpu_seconds: Annotated[float, Field(ge=0.0)] = 0.0
    passages: tuple[Passage, ...] = ()
    matches: tuple[ArtistMatch, ...] = ()
    measurements: dict[str, float | str] = Field(default_factory=dict)

    @property
    def partition_key(self) -> str:
        return self.track_id
