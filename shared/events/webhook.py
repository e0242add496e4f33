"""Where a distributor wants to be told of decisions, and what became of telling it."""

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import AwareDatetime, Field

from shared.events.base import Event, Slug, TrackId

Attempts = Annotated[int, Field(ge=0)]


class WebhookRegistered(Event):
    """A distributor's endpoint; compacted, the last word stands. ``active`` False: nothing is sent there.

    ``sealed_secret`` is the signing secret, encrypted (see shared.webhooks.sealing); in the open it exists
    only in the answer that told it and while a delivery is being signed. After a change of the secret the
    one before signs as well until ``previous_until``, so that the receiver can follow at leisure.
    ``generation`` counts the distributor's registrations: a new one makes a switched-off endpoint live again.
    Decisions made before ``since``, the first registration, are not told.
    """

    event_type: ClassVar[str] = "trackgate.webhook.registered.v1"

    distributor_id: Slug
    url: Annotated[str, Field(max_length=2000)]
    sealed_secret: str
    generation: Annotated[int, Field(ge=1)]
    since: AwareDatetime
    active: bool = True
    previous_sealed: str | None = None
    previous_until: AwareDatetime | None = None

    @property
    def partition_key(self) -> str:
        return self.distributor_id


class DeliveryStep(StrEnum):
    """What became of a delivery.

    ``failed`` will be tried again at ``due_at``; ``given_up``: every attempt failed; ``held``: the endpoint
    is switched off or gone; ``replayed``: a person asked for another round.
    """

    QUEUED = "queued"
    FAILED = "failed"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"
    HELD = "held"
    REPLAYED = "replayed"


class WebhookDelivery(Event):
    """One step in the life of one delivery: the delivery log and the schedule are folded from these.

    ``sequence`` counts a delivery's steps from 0; of two with the same number the first one on the topic
    stands. ``attempt`` counts requests sent since the delivery was queued or replayed. ``body``, the very
    text that is signed and sent, is there on ``queued`` and ``replayed``. ``status`` is HTTP's, None where no
    answer came.
    ``endpoint_off`` says that this step switched the endpoint's ``generation`` off.
    """

    event_type: ClassVar[str] = "trackgate.webhook.delivery.v1"

    delivery_id: TrackId
    distributor_id: Slug
    track_id: TrackId
    decision_id: str
    step: DeliveryStep
    sequence: Annotated[int, Field(ge=0)]
    attempt: Attempts = 0
    generation: Annotated[int, Field(ge=0)] = 0
    due_at: AwareDatetime | None = None
    status: Annotated[int, Field(ge=100, le=599)] | None = None
    reason: str | None = Field(default=None, max_length=300)
    seconds: Annotated[float, Field(ge=0.0)] = 0.0
    endpoint_off: bool = False
    body: str | None = Field(default=None, max_length=200_000)

    @property
    def partition_key(self) -> str:
        return self.distributor_id
