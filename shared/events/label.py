"""What a person says about a track's labels, between and beside reviews."""

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import AwareDatetime, Field, StringConstraints

from shared.events.base import Event, Sha256, Slug, TrackId


class LabelAction(StrEnum):
    """``negate`` takes away a label that the rules would attach, for as long as the statement holds."""

    ADD = "add"
    NEGATE = "negate"


class LabelStated(Event):
    """A person's word on one label of one recording; of several on the same label the newest holds.

    It is about the audio with this hash and outranks what the rules say until ``expires_at``.
    """

    event_type: ClassVar[str] = "trackgate.label.stated.v1"

    track_id: TrackId
    audio_sha256: Sha256
    code: Slug
    action: LabelAction
    by: Slug
    reason: Annotated[str, StringConstraints(min_length=3, max_length=2000, strip_whitespace=True)]
    expires_at: AwareDatetime | None = Field(default=None, description="None: until another statement")

    @property
    def partition_key(self) -> str:
        return self.track_id
