"""A case: one quarantined track that waits for a person."""

from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field

from services.moderation.domain.words import folded, words_of
from shared.events import DecisionMade, Outcome, Reason, Record, TrackUploaded
from shared.events.base import Slug, TrackId
from shared.ids import deterministic_id

SCORE_STEP = 10
"""Scores are indexed in steps of so many percent."""

REVIEW_OUTCOMES = (Outcome.PUBLISH, Outcome.LABEL, Outcome.REJECT)

POSITIVE = {"likely_generated", "match", "possible"}
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
    confirmed_by: Slug | None = Field(default=None, description="the second person, where one was needed")
    undo_until: AwareDatetime | None = Field(default=None, description="not sent before; None: at once")
    upholds: bool = Field(default=False, description="of an appeal: the decision stays as it is")


class Proposal(Record):
    """A releasing answer that waits for a second person; ``proposal_id`` is the review's id to be."""

    proposal_id: str
    decision_id: str
    outcome: Outcome
    label_codes: tuple[Slug, ...] = ()
    note: str = ""
    reviewer_id: Slug
    proposed_at: AwareDatetime
    upholds: bool = False


class Passed(Record):
    """A case handed on with a word: to the seniors, or back from the second person."""

    reviewer_id: Slug
    note: str
    at: AwareDatetime


class Appeal(Record):
    """What a distributor said against a decision, and the two clocks that began with it."""

    appeal_id: str
    text: str
    filed_at: AwareDatetime
    acknowledge_by: AwareDatetime
    decide_by: AwareDatetime
    contested: Outcome
    detectors: tuple[Slug, ...] = ()


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
    due_at: AwareDatetime | None = None
    second_person: bool = Field(default=False, description="to release the track takes two people")
    appeal: Appeal | None = None
    barred: tuple[Slug, ...] = Field(default=(), description="who may not take it: they decided before")
    labels: tuple[Slug, ...] = Field(default=(), description="of the decision")
    score: Annotated[int, Field(ge=0, le=100)] | None = Field(
        default=None, description="percent: the highest probability that a positive finding or match has"
    )

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
        """Names of the sets that the case can be found in: its signature, label, score, artist, word."""
        words = words_of(self.title, self.artist, self.isrc or "", self.track_id)
        artist = folded(self.artist)
        return (
            *self.signature,
            *(f"label:{code}" for code in sorted(set(self.labels))),
            *((f"score:{self.score // SCORE_STEP}",) if self.score is not None else ()),
            *((f"artist:{artist}",) if artist else ()),
            *(f"word:{word}" for word in sorted(words)),
        )

    @property
    def reason_codes(self) -> tuple[str, ...]:
        """Each once, in the decision's order."""
        return tuple(dict.fromkeys(reason.code for reason in self.reasons))

    @property
    def signature(self) -> tuple[str, ...]:
        """What decides whose queue the case is in, as index names: its reasons, its distributor."""
        return (
            *(f"reason:{code}" for code in sorted({reason.code for reason in self.reasons})),
            *((f"distributor:{self.distributor_id}",) if self.distributor_id else ()),
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
    proposal: Proposal | None = None
    sent_back: Passed | None = None
    escalated: Passed | None = None
    taken_up_at: AwareDatetime | None = Field(default=None, description="of an appeal: first claimed")

    @property
    def case_id(self) -> str:
        return self.summary.case_id

    @property
    def due_at(self) -> datetime | None:
        """When somebody must have acted: for an appeal first taken up, then decided."""
        appeal = self.summary.appeal
        if appeal is None:
            return self.summary.due_at
        return appeal.acknowledge_by if self.taken_up_at is None else appeal.decide_by

    @property
    def for_seniors(self) -> bool:
        return self.escalated is not None or self.proposal is not None

    def barred(self, reviewer_id: str) -> bool:
        """Whether this person decided before, or proposed what a second person must now look at."""
        proposed = self.proposal is not None and self.proposal.reviewer_id == reviewer_id
        return proposed or reviewer_id in self.summary.barred


def case_id_of(track_id: str) -> str:
    """One case for a track, however often it is quarantined: its history stays in one place."""
    return deterministic_id("moderation.case", track_id)


def appeal_case_id_of(track_id: str) -> str:
    """One case for the appeals of a track, beside the case of the track itself."""
    return deterministic_id("moderation.appeal", track_id)


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
        second_person=recognises_a_protected_voice(decision),
        labels=tuple(label.code for label in decision.labels),
        score=score_of(decision),
    )
    return describe(summary, upload) if upload is not None else summary


def recognises_a_protected_voice(decision: DecisionMade) -> bool:
    """Whether the decision rests on a voice ``match`` of an artist whose protection was not withdrawn."""
    matches = decision.policy_input.get("matches") or ()
    return any(match.get("verdict") == "match" and match.get("standing") != "withdrawn" for match in matches)


def score_of(decision: DecisionMade) -> int | None:
    """The highest probability in percent that a positive finding or match of the decision has."""
    considered = [
        *(decision.policy_input.get("findings") or ()),
        *(decision.policy_input.get("matches") or ()),
    ]
    found = [
        float(one["probability"])
        for one in considered
        if one.get("verdict") in POSITIVE and one.get("probability") is not None
    ]
    return round(100 * max(found)) if found else None


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
