"""What a detector measured. A finding never decides."""

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import AwareDatetime, Field

from shared.events.base import Event, Probability, Record, Sha256, Slug, TimeRange, TrackId
from shared.events.recording_copy import RecordingCopy


class Verdict(StrEnum):
    """What was measured, in words that claim no more than that. There is no ``human``."""

    LIKELY_GENERATED = "likely_generated"
    MATCH = "match"
    POSSIBLE = "possible"
    INCONCLUSIVE = "inconclusive"
    NOT_DETECTED = "not_detected"
    NO_MATCH = "no_match"
    MATCH_REMOVED = "match_removed"
    DUPLICATE_OF = "duplicate_of"
    NOT_MEASURED = "not_measured"
    ERROR = "error"


class Passage(Record):
    """A time range with the score it got by itself."""

    range: TimeRange
    score: float
    note: str | None = None
    probability: Probability | None = None
    verdict: Verdict | None = None


class Part(StrEnum):
    """``instrumental`` is what is left where no voice is, or without what is centred."""

    VOCAL = "vocal"
    INSTRUMENTAL = "instrumental"


class PartReading(Record):
    """One part of the music read by itself. ``how`` says in words by what it was told from the rest."""

    part: Part
    how: str = Field(max_length=500)
    verdict: Verdict
    score: float | None = None
    probability: Probability | None = None
    seconds: Annotated[float, Field(ge=0.0)] = 0.0


class ProvenanceState(StrEnum):
    """What holds of the signature.

    ``trusted``: whole, and signed by someone on the operator's trust list. ``untrusted``: whole, signed by
    someone else. ``invalid``: the audio or the manifest was changed after signing. ``unreadable``: there is
    one and it could not be read.
    """

    TRUSTED = "trusted"
    UNTRUSTED = "untrusted"
    INVALID = "invalid"
    UNREADABLE = "unreadable"


class Provenance(Record):
    """What a signed manifest inside the file declares. A declaration, never a detection; none says nothing.

    ``source_types`` are IPTC digital source types by their last part, ``problems`` validation codes.
    """

    standard: str = "c2pa"
    state: ProvenanceState
    declares_generated: bool = False
    source_types: tuple[str, ...] = ()
    generator: str | None = Field(default=None, max_length=200, description="software that made the claim")
    signed_by: str | None = Field(default=None, max_length=200)
    signed_at: AwareDatetime | None = None
    problems: tuple[str, ...] = ()


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
    ranges: tuple[Passage, ...] = Field(
        default=(), description="joined passages that are positive by themselves, whatever the whole is"
    )
    parts: tuple[PartReading, ...] = ()
    provenance: Provenance | None = None
    matches: tuple[ArtistMatch, ...] = ()
    copies: tuple[RecordingCopy, ...] = Field(default=(), description="tracks with the same recording")
    measurements: dict[str, float | str] = Field(default_factory=dict)

    @property
    def partition_key(self) -> str:
        return self.track_id
