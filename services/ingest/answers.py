"""What distributors read: refusals as problems, tracks as they stand."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from services.ingest.domain import RefusalKind, Refused
from shared.events import DecisionMade, Declaration, FindingRecorded, Label, Reason, TrackUploaded
from shared.http import FieldError, Problem, ProblemError
from shared.views.tracks import TrackView

_PROBLEMS: dict[RefusalKind, tuple[int, str]] = {
    RefusalKind.WRONG_KEY: (401, "The API key is missing or unknown"),
    RefusalKind.NOT_ACTIVE: (403, "This distributor may not deliver"),
    RefusalKind.MALFORMED_BODY: (400, "The body is not a delivery"),
    RefusalKind.INVALID_METADATA: (422, "The metadata is not valid"),
    RefusalKind.INVALID_AUDIO: (422, "The audio cannot be accepted"),
    RefusalKind.TOO_LARGE: (413, "The audio file is too large"),
    RefusalKind.QUOTA: (429, "The day's quota is used up"),
    RefusalKind.KEY_MALFORMED: (400, "The idempotency key is not valid"),
    RefusalKind.KEY_IN_USE: (409, "A request with this idempotency key is being handled"),
    RefusalKind.KEY_REUSED: (422, "The idempotency key belongs to another request"),
    RefusalKind.BUSY: (503, "The audio could not be checked in time"),
}

FINAL = frozenset({"publish", "label", "reject"})
"""States that no one is expected to change; ``received`` and ``quarantine`` wait for someone."""


def as_error(refused: Refused) -> ProblemError:
    """The refusal as RFC 9457 problem details."""
    status, title = _PROBLEMS[refused.kind]
    headers = {} if refused.retry_after is None else {"Retry-After": str(refused.retry_after)}
    if refused.kind is RefusalKind.WRONG_KEY:
        headers["WWW-Authenticate"] = "Bearer"
    faults = [FieldError(field=fault.field, reason=fault.reason) for fault in refused.faults]
    detail = "; ".join(f"{fault.field}: {fault.reason}" for fault in refused.faults[:5]) or None
    problem = Problem.of(refused.kind.value, title=title, status=status, detail=detail, errors=faults)
    return ProblemError(problem, headers)


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True)


class Receipt(_Answer):
    """The track is safe: audio stored, event acknowledged by the broker."""

    track_id: str
    status_url: str
    events_url: str

    @classmethod
    def of(cls, track_id: str) -> "Receipt":
        path = f"/v1/tracks/{track_id}"
        return cls(track_id=track_id, status_url=path, events_url=f"{path}/events")


class HistoryEntry(_Answer):
    """One thing that happened to the track."""

    at: datetime
    what: Literal["received", "finding", "decision", "review"]
    summary: str


class FindingAnswer(_Answer):
    """What one detector measured: its words, never "human"."""

    detector: str
    verdict: str
    score: float | None
    probability: float | None
    threshold: float | None
    reason: str | None
    model_version: str

    @classmethod
    def of(cls, finding: FindingRecorded) -> "FindingAnswer":
        return cls(
            detector=finding.detector,
            verdict=finding.verdict.value,
            score=finding.score,
            probability=finding.probability,
            threshold=finding.threshold,
            reason=finding.reason,
            model_version=finding.model_version,
        )


class DecisionAnswer(_Answer):
    """The decision that stands, and why."""

    outcome: str
    reasons: tuple[Reason, ...]
    labels: tuple[Label, ...]
    policy_version: str
    sequence: int
    decided_at: datetime
    automated: bool

    @classmethod
    def of(cls, decision: DecisionMade) -> "DecisionAnswer":
        return cls(
            outcome=decision.outcome.value,
            reasons=decision.reasons,
            labels=decision.labels,
            policy_version=decision.policy_version,
            sequence=decision.sequence,
            decided_at=decision.occurred_at,
            automated=decision.automated,
        )


class TrackAnswer(_Answer):
    """A track as it stands. ``state`` is received, publish, label, quarantine or reject."""

    track_id: str
    state: str = Field(examples=["received", "publish", "label", "quarantine", "reject"])
    final: bool = Field(description="nobody is expected to change the state any more")
    declared: Declaration
    file_name: str | None
    seconds: float
    received_at: datetime
    decision: DecisionAnswer | None
    findings: tuple[FindingAnswer, ...]
    history: tuple[HistoryEntry, ...]

    @classmethod
    def of(cls, upload: TrackUploaded, view: TrackView) -> "TrackAnswer":
        return cls(
            track_id=upload.track_id,
            state=view.state,
            final=view.state in FINAL,
            declared=upload.declaration,
            file_name=upload.file_name,
            seconds=round(upload.audio.seconds, 3),
            received_at=upload.received_at,
            decision=None if view.decision is None else DecisionAnswer.of(view.decision),
            findings=tuple(FindingAnswer.of(finding) for finding in view.findings),
            history=_history(upload, view),
        )


def _history(upload: TrackUploaded, view: TrackView) -> tuple[HistoryEntry, ...]:
    entries = [HistoryEntry(at=upload.received_at, what="received", summary="audio stored and announced")]
    entries += [
        HistoryEntry(at=f.occurred_at, what="finding", summary=f"{f.detector}: {f.verdict.value}")
        for f in view.findings
    ]
    entries += [
        HistoryEntry(at=d.occurred_at, what="decision", summary=f"{d.outcome.value} by {d.decided_by}")
        for d in view.decisions
    ]
    entries += [
        HistoryEntry(at=r.occurred_at, what="review", summary=f"a moderator resolved: {r.outcome.value}")
        for r in view.reviews
    ]
    return tuple(sorted(entries, key=lambda entry: entry.at))


class TrackSummary(_Answer):
    track_id: str
    title: str
    display_artist: str
    isrc: str | None
    release_date: date | None
    state: str
    received_at: datetime
    status_url: str

    @classmethod
    def of(cls, upload: TrackUploaded, view: TrackView) -> "TrackSummary":
        return cls(
            track_id=upload.track_id,
            title=upload.declaration.title,
            display_artist=upload.declaration.display_artist,
            isrc=upload.declaration.isrc,
            release_date=upload.declaration.release_date,
            state=view.state,
            received_at=upload.received_at,
            status_url=f"/v1/tracks/{upload.track_id}",
        )


class TrackPage(_Answer):
    """``next_offset`` is None on the last page."""

    tracks: Sequence[TrackSummary]
    next_offset: int | None
