"""What a queue of cases promises, whoever keeps it.

Every method is one atomic step. A lease that has run out is gone at that moment, whether or not anyone has
noticed: its token renews nothing, releases nothing and decides nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from services.moderation.domain.cases import Case, CaseSummary, Claim, Proposal, Resolution
from shared.events import Outcome


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


class Share(StrEnum):
    """Which part of the queue a list shows."""

    OPEN = "open"
    FREE = "free"
    MINE = "mine"
    PENDING = "pending"
    OVERDUE = "overdue"
    ESCALATED = "escalated"
    PROPOSED = "proposed"
    APPEALS = "appeals"


SEARCHED_AS_INDEX = (Share.OVERDUE, Share.ESCALATED, Share.PROPOSED, Share.APPEALS)
"""Parts of the open cases that narrow a claim too: the next *appeal*, the next *overdue* case."""


@dataclass(frozen=True)
class Filter:
    """All parts must hold. Each word of ``text`` must begin a word of title, artist, ISRC or track id.

    ``artist`` is the beginning of the artist's name; ``min_score`` percent, rounded down to a step.

    ``leaving_out`` and ``only_in`` name indexes (see CaseSummary.indexes): a case in one of the first is not
    shown, and one in none of the second neither, unless that is None.
    """

    share: Share = Share.OPEN
    reason: str | None = None
    distributor_id: str | None = None
    text: str = ""
    older_than: timedelta | None = None
    label: str | None = None
    min_score: int | None = None
    artist: str = ""
    leaving_out: tuple[str, ...] = ()
    only_in: tuple[str, ...] | None = None


EVERYTHING = Filter()


@dataclass(frozen=True)
class Cursor:
    """The last case of a page: its place in the queue. Stays valid when that case has gone."""

    order: int
    case_id: str


@dataclass(frozen=True)
class Page:
    """``after`` is None at the end.

    A page may hold fewer cases than asked for and still have an ``after``: a search stops after a bounded
    amount of work.
    """

    cases: tuple[Case, ...]
    after: Cursor | None


@dataclass(frozen=True)
class Counts:
    open: int
    free: int
    mine: int
    pending: int
    overdue: int
    escalated: int
    proposed: int
    appeals: int
    reasons: dict[str, int]
    distributors: dict[str, int]


@dataclass(frozen=True)
class Answer:
    """What a reviewer decided, looking at ``decision_id``. ``upholds``: an appeal, and the decision stays."""

    decision_id: str
    outcome: Outcome
    label_codes: tuple[str, ...] = ()
    note: str = ""
    upholds: bool = False

    @property
    def releases(self) -> bool:
        return self.outcome in {Outcome.PUBLISH, Outcome.LABEL} and not self.upholds


Claiming = Claimed | HeldByOther | NotOpen | NoSuchCase | Barred | SeniorsOnly
Beginning = Begun | Proposed | LeaseLost | DecisionChanged | NotOpen | NoSuchCase
Confirming = Begun | LeaseLost | ProposalChanged | NotOpen | NoSuchCase


class ReviewQueue(Protocol):
    async def open(self, summary: CaseSummary) -> Applied:
        """A decision holds the track: open its case or bring it up to date; a claim stays with its holder.

        A newer decision ends a proposal: what it was about has changed.
        """
        ...

    async def close(self, track_id: str, decision_id: str, sequence: int, *, appeal: bool = False) -> Applied:
        """A decision lets the track go. Claims and unsent answers end here."""
        ...

    async def case(self, case_id: str) -> Case | None: ...

    async def page(
        self, reviewer_id: str, wanted: Filter, *, limit: int, after: Cursor | None = None
    ) -> Page: ...

    async def counts(self, reviewer_id: str, within: Filter = EVERYTHING) -> Counts:
        """Of ``within`` only ``leaving_out`` and ``only_in`` count: whose part of the queue it is."""
        ...

    async def claim(self, case_id: str, reviewer_id: str, *, senior: bool = False) -> Claiming:
        """Claiming what one holds already renews it under the same token. Ends the reviewer's own skip.

        The first claim of an appeal takes it up: from then on the clock for deciding runs.
        """
        ...

    async def claim_next(
        self, reviewer_id: str, wanted: Filter, *, senior: bool = False
    ) -> Claimed | NothingWaiting:
        """Passes over what this person is barred from, and what is for seniors unless ``senior``."""
        ...

    async def upcoming(self, reviewer_id: str, wanted: Filter, *, senior: bool = False) -> Case | None:
        """What ``claim_next`` would give now; nothing is claimed."""
        ...

    async def renew(self, case_id: str, reviewer_id: str, token: int) -> Renewed | LeaseLost | NoSuchCase: ...

    async def release(
        self, case_id: str, reviewer_id: str, token: int
    ) -> Released | LeaseLost | NoSuchCase: ...

    async def skip(self, case_id: str, reviewer_id: str) -> Skipped | NotOpen | NoSuchCase:
        """Not for this reviewer for some hours; released if this reviewer held it. Others see no change."""
        ...

    async def escalate(
        self, case_id: str, reviewer_id: str, token: int, note: str
    ) -> Escalated | LeaseLost | NoSuchCase:
        """To the seniors: the claim ends, and from now on only they may take the case."""
        ...

    async def begin_resolution(
        self,
        case_id: str,
        reviewer_id: str,
        token: int,
        answer: Answer,
        *,
        undo: timedelta | None = None,
    ) -> Beginning:
        """Keep the answer, out of reach of any other reviewer, until the broker has it.

        Where releasing the track takes two people, a releasing answer becomes a proposal and the case is free
        for any senior but its maker. ``undo`` replaces the queue's own undo window.
        """
        ...

    async def confirm(self, case_id: str, reviewer_id: str, token: int, proposal_id: str) -> Confirming:
        """The second person agrees: the proposal becomes the answer."""
        ...

    async def send_back(
        self, case_id: str, reviewer_id: str, token: int, proposal_id: str, note: str
    ) -> SentBack | LeaseLost | ProposalChanged | NoSuchCase:
        """The second person does not agree: the proposal is gone, the case is free for anybody."""
        ...

    async def undo(self, case_id: str, reviewer_id: str, event_id: str) -> Undone | TooLate | NoSuchCase:
        """Take back an answer within its window, or a proposal that nobody has taken up. Last maker only."""
        ...

    async def acknowledge(self, case_id: str, event_id: str) -> None:
        """The broker has the resolution. An appeal is closed by it: nothing more is awaited."""
        ...

    async def unacknowledged(self, *, older_than: timedelta) -> Sequence[Case]:
        """Answers whose undo window has ended so long ago and that the broker has not acknowledged.

        From this call on they can no longer be undone: their sender has them.
        """
        ...
