"""A distributor contests a decision, and what came of it."""

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from shared.events.base import Event, Slug, TrackId


class AppealFiled(Event):
    """A distributor contests the standing decision on a track; one appeal for a decision.

    ``event_id`` is the appeal's id.
    """

    event_type: ClassVar[str] = "trackgate.appeal.filed.v1"

    track_id: TrackId
    decision_id: str
    distributor_id: Slug
    text: Annotated[str, Field(min_length=1, max_length=4000)]

    @property
    def partition_key(self) -> str:
        return self.track_id


class AppealOutcome(StrEnum):
    """``lapsed``: before anyone answered, a decision that restricts nothing replaced the contested one."""

    UPHELD = "upheld"
    OVERTURNED = "overturned"
    LAPSED = "lapsed"


class AppealDecided(Event):
    """What came of an appeal. An overturned one is followed by a ReviewResolved on the track.

    ``reasons`` and ``detectors`` are those that the contested decision rested on: what is overturned counts
    against them.
    """

    event_type: ClassVar[str] = "trackgate.appeal.decided.v1"

    appeal_id: str
    track_id: TrackId
    decision_id: str
    outcome: AppealOutcome
    distributor_id: Slug | None = None
    note: str = Field(default="", max_length=4000)
    decided_by: Slug
    confirmed_by: Slug | None = None
    reasons: tuple[str, ...] = ()
    detectors: tuple[Slug, ...] = ()

    @property
    def partition_key(self) -> str:
        return self.track_id
