"""What was decided before: of a distributor's tracks, and of cases like the one at hand."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.moderation.domain.cases import CaseSummary
from services.moderation.domain.words import words_of
from shared.events import DecisionMade, Outcome

OUTCOMES = (Outcome.PUBLISH, Outcome.LABEL, Outcome.QUARANTINE, Outcome.REJECT)


@dataclass(frozen=True)
class DistributorRecord:
    """Tracks of one distributor that ever had each outcome: one that was held and then rejected is in both.

    Counted by HyperLogLog: exact while small, within about 1 % beyond that.
    """

    distributor_id: str
    tracks: int
    by_outcome: dict[Outcome, int]


@dataclass(frozen=True)
class Earlier:
    """A case that a person decided. ``alike`` says in what: artist, distributor and reason."""

    case_id: str
    title: str
    artist: str
    outcome: Outcome
    decided_at: datetime
    alike: tuple[str, ...]


class Past(Protocol):
    async def note(self, decision: DecisionMade) -> None:
        """Take a decision into account; repeats change nothing."""
        ...

    async def record_of(self, distributor_id: str) -> DistributorRecord: ...

    async def like(self, summary: CaseSummary, *, limit: int) -> tuple[Earlier, ...]:
        """Decided cases by the same artist, or of the same distributor held for the same reason."""
        ...


class NoPast:
    """Where nothing is remembered."""

    async def note(self, decision: DecisionMade) -> None: ...

    async def record_of(self, distributor_id: str) -> DistributorRecord:
        return DistributorRecord(distributor_id, 0, {})

    async def like(self, summary: CaseSummary, *, limit: int) -> tuple[Earlier, ...]:  # noqa: ARG002 - the port's
        return ()


def artist_key(name: str) -> str:
    """The same for spellings that differ in case, accents and order of words."""
    return " ".join(sorted(words_of(name)))
