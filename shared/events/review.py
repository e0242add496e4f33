"""What a moderator resolved."""

from typing import ClassVar

from pydantic import Field

from shared.events.base import Event, Slug, TrackId
from shared.events.decision import Outcome


class ReviewResolved(Event):
    """A person's answer to a quarantined track; policy turns it into a superseding decision.

    ``outcome`` is publish, label or reject. ``decision_id`` is the decision that was under review.
    """

    event_type: ClassVar[str] = "trackgate.review.resolved.v1"

    track_id: TrackId
    decision_id: str
    outcome: Outcome
    label_codes: tuple[Slug, ...] = ()
    reviewer_id: Slug
    note: str = Field(default="", max_length=4000)
    claim_token: int = Field(default=0, description="fencing token of the claim under which it was made")

    confirmed_by: Slug | None = Field(
        default=None, description="the second person; needed to release what matches a protected voice"
    )

    @property
    def partition_key(self) -> str:
        return self.track_id
