"""Which policy decides: the life of every version, with its content: any decision can be made again."""

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import AwareDatetime, Field

from shared.events.base import Event, Record, Slug


class PolicyStage(StrEnum):
    """``shipped`` came with the deployment and decides where nothing else is live.

    ``shadow`` is evaluated on live traffic and never acts; ``rollout`` decides for a share of the tracks,
    ``live`` for the others. ``retired`` was taken back by a person, ``stopped`` by the circuit breaker.
    """

    SHIPPED = "shipped"
    DRAFT = "draft"
    SHADOW = "shadow"
    ROLLOUT = "rollout"
    LIVE = "live"
    RETIRED = "retired"
    STOPPED = "stopped"


class PolicyStep(Record):
    """One change in the life of a version: what it became, who said so, and why."""

    stage: PolicyStage
    by: Slug
    at: AwareDatetime
    percent: Annotated[int, Field(ge=0, le=100)] = 0
    note: str = Field(default="", max_length=2000)


class PolicyVersionChanged(Event):
    """The last word on one version; all its steps, and both files that it consists of.

    ``generation`` counts over all versions: of several that are live, the highest one decides, so that one
    record promotes and one record rolls back.
    """

    event_type: ClassVar[str] = "trackgate.policy.changed.v1"

    version: Slug
    generation: Annotated[int, Field(ge=0)]
    stage: PolicyStage
    percent: Annotated[int, Field(ge=0, le=100, description="share of tracks, for rollout")] = 0
    author: Slug
    steps: tuple[PolicyStep, ...]
    policy_text: str
    labels_text: str

    @property
    def partition_key(self) -> str:
        return self.version
