"""What a queue of cases promises, whoever keeps it.

Every method is one atomic step. A lease that has run out is gone at that moment, whether or not anyone has
noticed: its token renews nothing, releases nothing and decides nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from services.moderation.domain.cases import Case, CaseSummary
from services.moderation.domain.looking import (
    EVERYTHING,
    Counts,
    Cursor,
    Filter,
    Page,
)
from services.moderation.domain.outcomes import (
    Applied,
    Beginning,
    Claimed,
    Claiming,
    Confirming,
    Escalated,
    LeaseLost,
    NoSuchCase,
    NothingWaiting,
    NotOpen,
    ProposalChanged,
    Released,
    Renewed,
    SentBack,
    Skipped,
    TooLate,
    Undone,
)
from shared.events import Outcome


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
