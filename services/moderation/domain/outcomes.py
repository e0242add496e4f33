"""What a call to the queue comes to."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.moderation.domain.cases import Case, Claim, Proposal, Resolution


class Applied(StrEnum):
    """What a decision did to the queue. ``REPEAT`` and ``OLDER`` changed nothing."""

    OPENED = "opened"
    UPDATED = "updated"
    DESCRIBED = "described"
    CLOSED = "closed"
    NO_CASE = "no_case"
    REPEAT = "repeat"
    OLDER = "older"


@dataclass(frozen=True)
class Claimed:
    case: Case
    claim: Claim


@dataclass(frozen=True)
class HeldByOther:
    reviewer_id: str
    until: datetime


@dataclass(frozen=True)
class NotOpen:
    """The case is resolved or closed; there is nothing left to claim or decide."""

    case: Case


@dataclass(frozen=True)
class NoSuchCase:
    case_id: str


@dataclass(frozen=True)
class NothingWaiting:
    """No case that is free, fits the filter and was not skipped by this reviewer."""


@dataclass(frozen=True)
class LeaseLost:
    """The token is not that of a live claim by this reviewer. ``holder`` has the case now, if anyone."""

    holder: str | None


@dataclass(frozen=True)
class Renewed:
    claim: Claim


@dataclass(frozen=True)
class Released:
    case_id: str


@dataclass(frozen=True)
class Skipped:
    case_id: str


@dataclass(frozen=True)
class Barred:
    """This person proposed the answer or decided before: somebody else must look."""

    case: Case


@dataclass(frozen=True)
class SeniorsOnly:
    """The case was escalated, or waits for a second person."""

    case: Case


@dataclass(frozen=True)
class Escalated:
    case_id: str


@dataclass(frozen=True)
class Proposed:
    """The answer releases what takes two people: it is kept, and a second person must confirm it."""

    case: Case
    proposal: Proposal


@dataclass(frozen=True)
class ProposalChanged:
    """The proposal is not the one that the second person looked at, or there is none."""

    case: Case


@dataclass(frozen=True)
class SentBack:
    case_id: str


@dataclass(frozen=True)
class Undone:
    """The answer never left. Its maker holds the case again, under a new token."""

    case: Case
    claim: Claim


@dataclass(frozen=True)
class TooLate:
    """The answer is sent or about to be, is not this person's, or another has taken the proposal up."""

    case: Case


@dataclass(frozen=True)
class Begun:
    """The resolution is kept in the queue. ``repeat``: it was kept before, by the same click or call."""

    case: Case
    resolution: Resolution
    repeat: bool


@dataclass(frozen=True)
class DecisionChanged:
    """A newer decision stands than the one that the reviewer looked at."""

    case: Case


Claiming = Claimed | HeldByOther | NotOpen | NoSuchCase | Barred | SeniorsOnly


Beginning = Begun | Proposed | LeaseLost | DecisionChanged | NotOpen | NoSuchCase


Confirming = Begun | LeaseLost | ProposalChanged | NotOpen | NoSuchCase
