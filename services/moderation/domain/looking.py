"""Which cases somebody wants to see, and what of the queue is shown."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from services.moderation.domain.cases import Case


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
