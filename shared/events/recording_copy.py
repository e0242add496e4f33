"""A track that holds the same recording as another one."""

from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field

from shared.events.base import Record, Slug, TimeRange, TrackId


class Sameness(StrEnum):
    """How far two tracks are the same: to the byte, to the decoded sample, or to the ear."""

    FILE = "same_file"
    SAMPLES = "same_samples"
    SOUND = "same_sound"


class RecordingCopy(Record):
    """Another track with the recording of this one, or a part of it.

    ``here`` is the stretch of this track that is found at ``there`` in the other. ``bit_error_rate`` is the
    share of fingerprint bits that differ in it: 0 for the same, 0.5 for anything else. ``same_claim``: both
    name the same artist, or the same ISRC.
    """

    track_id: TrackId
    distributor_id: Slug
    delivered_at: AwareDatetime
    sameness: Sameness
    removed: bool = Field(description="a person refused the other track, and that stands")
    came_first: bool = Field(
        default=False,
        description="it was delivered before this one, and before whatever this one's distributor delivered "
        "of the recording that stands",
    )
    earlier: bool = Field(description="the other track was delivered before this one")
    same_distributor: bool
    same_claim: bool
    here: TimeRange
    there: TimeRange
    seconds: Annotated[float, Field(ge=0.0, description="how much of it was found to be the same")]
    bit_error_rate: Annotated[float, Field(ge=0.0, le=1.0)]
