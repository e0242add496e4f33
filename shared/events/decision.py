"""What became of a track, and why."""

from enum import StrEnum
from typing import Annotated, Any, ClassVar

from pydantic import AwareDatetime, Field

from shared.events.base import Event, Record, Sha256, Slug, TrackId


class Outcome(StrEnum):
    """``publish``, ``label`` (publish with labels), ``quarantine`` (held for a person).

    ``reject`` is reachable only through a person's review of a quarantined track.
    """

    PUBLISH = "publish"
    LABEL = "label"
    QUARANTINE = "quarantine"
    REJECT = "reject"


class Reason(Record):
    """A stable code for machines and a sentence for people; ``rule`` names the policy rule behind it."""

    code: Slug
    text: str
    rule: str | None = None
    evidence: tuple[str, ...] = Field(default=(), description="event ids of the findings, grants or reviews")


class Label(Record):
    """A statement shown with the track. ``basis`` tells declared from detected."""

    code: Slug
    text: str
    basis: Annotated[str, Field(pattern="^(declared|detected|both|licensed|review)$")]
    expires_at: AwareDatetime | None = Field(default=None, description="of a person's statement")
    evidence: tuple[str, ...] = Field(default=(), description="event ids of the statements behind it")


class RuleTrace(Record):
    rule: str
    matched: bool
    why: str


class DecisionMade(Event):
    """The decision on a track. ``sequence`` counts from 1; the highest stands, earlier ones are history.

    ``policy_input`` is the complete typed input of the evaluation: deciding again from it under
    ``policy_version`` gives the same result.
    """

    event_type: ClassVar[str] = "trackgate.decision.made.v1"

    track_id: TrackId
    audio_sha256: Sha256
    sequence: Annotated[int, Field(ge=1)]
    outcome: Outcome
    reasons: tuple[Reason, ...]
    labels: tuple[Label, ...] = ()
    policy_version: str
    trace: tuple[RuleTrace, ...] = ()
    policy_input: dict[str, Any] = Field(default_factory=dict)
    automated: bool = True
    decided_by: str = "policy"
    priority: Annotated[int, Field(ge=0, le=100, description="review priority, 100 first")] = 0
    supersedes: str | None = Field(default=None, description="event id of the decision before")
    statement: dict[str, Any] | None = Field(
        default=None,
        description="DSA Art. 17 statement of reasons, in the Transparency Database's fields; "
        "None where nothing is restricted",
    )

    @property
    def partition_key(self) -> str:
        return self.track_id
