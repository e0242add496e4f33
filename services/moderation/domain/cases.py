"""A case: one quarantined track that waits for a person."""

from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field

from services.moderation.domain.words import words_of
from shared.events import DecisionMade, Outcome, Reason, Record, TrackUploaded
from shared.events.base import Slug, TrackId
from shared.ids import deterministic_id

REVIEW_OUTCOMES = (Outcome.PUBLISH, Outcome.LABEL, Outcome.REJECT)

_ORDER_EPOCH = datetime(2024, 1, 1, tzinfo=UTC)
_AGE_BITS, _DAY_BITS = 29, 17
_LAST_DAY = (1 << _DAY_BITS) - 1


class CaseState(StrEnum):
    """``resolved_pending``: a person has answered, and policy's superseding decision is not here yet."""

    OPEN = "open"
    RESOLVED_PENDING = "resolved_pending"
    CLOSED = "closed"


class Resolution(Record):
    """A person's answer to a case. ``event_id`` follows from the case and the claim it was made under."""

    event_id: str
    decision_id: str
    outcome: Outcome
    label_codes: tuple[Slug, ...] = ()
    note: str = ""
    reviewer_id: Slug
    claim_token: int
    resolved_at: AwareDatetime


class CaseSummary(Record):
    """What the queue shows of a case, copied from the standing decision and the upload.

    ``described`` is false while no upload is known for the track; title and artist are empty then.
    """

    case_id: str
    track_id: TrackId
    decision_id: str
    sequence: int
    priority: Annotated[int, Field(ge=0, le=100)]
    reasons: tuple[Reason, ...]
    opened_at: AwareDatetime
    described: bool
    title: str = ""
    artist: str = ""
    isrc: str | None = None
    distributor_id: str | None = None
    release_date: date | None = None
    seconds: float | None = None

    @property
    def order(self) -> int:
        """Place in the queue, smallest first: priority, then release date, then age. Below 2**53.

        The three are packed into one integer (7, 17 and 29 bits) that a double holds exactly, so that a
        sorted set keeps the queue in order. No release date counts as the last day.
        """
        day: int = _LAST_DAY if self.release_date is None else (self.release_date - date(1970, 1, 1)).days
        age = int((self.opened_at - _ORDER_EPOCH).total_seconds())
        return (
            (100 - self.priority) << (_DAY_BITS + _AGE_BITS)
            | min(max(day, 0), _LAST_DAY) << _AGE_BITS
            | min(max(age, 0), (1 << _AGE_BITS) - 1)
        )

    @property
    def indexes(self) -> tuple[str, ...]:
        """Names of the sets that the case can be found in: by reason, by distributor, by word."""
        words = words_of(self.title, self.artist, self.isrc or "", self.track_id)
        return (
            *(f"reason:{code}" for code in sorted({reason.code for reason in self.reasons})),
            *((f"distributor:{self.distributor_id}",) if self.distributor_id else ()),
            *(f"word:{word}" for word in sorted(words)),
        )


class Claim(Record):
    """A reviewer's lease on a case. ``token`` grows with every claim made anywhere in the queue."""

    reviewer_id: Slug
    token: int
    until: AwareDatetime


class Case(Record):
    """A case as the queue knows it. ``claim`` is None also when the lease has run out."""

    summary: CaseSummary
    state: CaseState
    claim: Claim | None = None
    resolution: Resolution | None = None
    acknowledged: bool = Field(default=True, description="the broker has the resolution")

    @property
    def case_id(self) -> str:
        return self.summary.case_id


def case_id_of(track_id: str) -> str:
    """One case for a track, however often it is quarantined: its history stays in one place."""
    return deterministic_id("moderation.case", track_id)


def review_id_of(case_id: str, token: int) -> str:
    """The same click, repeated, is the same event."""
    return deterministic_id("moderation.review", case_id, str(token))


def summarise(decision: DecisionMade, upload: TrackUploaded | None) -> CaseSummary:
    summary = CaseSummary(
        case_id=case_id_of(decision.track_id),
        track_id=decision.track_id,
        decision_id=decision.event_id,
        sequence=decision.sequence,
        priority=decision.priority,
        reasons=decision.reasons,
        opened_at=decision.occurred_at,
        described=False,
    )
    return describe(summary, upload) if upload is not None else summary


def describe(summary: CaseSummary, upload: TrackUploaded) -> CaseSummary:
    return summary.model_copy(
        update={
            "described": True,
            "title": upload.declaration.title,
            "artist": upload.declaration.display_artist,
            "isrc": upload.declaration.isrc,
            "distributor_id": upload.distributor_id,
            "release_date": upload.declaration.release_date,
            "seconds": upload.audio.seconds,
        }
    )
