"""The view of one track that people and policy read, folded from its events.

Redis holds it, Kafka is the record.

A track is one Redis hash ``trackgate:track:<id>`` with a field per event:
``upload`` · ``finding:<detector>`` · ``decision:<sequence>`` · ``review:<event id>`` ·
``label:<event id>`` · ``appeal:<appeal id>`` · ``appeal-decided:<appeal id>``.
Each event is one field write, so folding is idempotent and needs no order between topics: replaying the
topics from the start, in any interleaving, gives the same hash. That is what makes rebuilding safe.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.events import (
    AppealDecided,
    AppealFiled,
    DecisionMade,
    FindingRecorded,
    LabelStated,
    ReviewResolved,
    TrackUploaded,
)

TrackEvent = (
    TrackUploaded
    | FindingRecorded
    | DecisionMade
    | ReviewResolved
    | LabelStated
    | AppealFiled
    | AppealDecided
)


@dataclass(frozen=True)
class TrackView:
    """Everything known of a track. ``decisions`` are in order of sequence; the last one stands."""

    upload: TrackUploaded | None
    findings: tuple[FindingRecorded, ...]
    decisions: tuple[DecisionMade, ...]
    reviews: tuple[ReviewResolved, ...]
    labels: tuple[LabelStated, ...] = ()
    appeals: tuple[AppealFiled, ...] = ()
    appeals_decided: tuple[AppealDecided, ...] = ()

    @property
    def decision(self) -> DecisionMade | None:
        return self.decisions[-1] if self.decisions else None

    @property
    def state(self) -> str:
        """``received`` until the first decision, then that decision's outcome."""
        return self.decision.outcome.value if self.decision else "received"

    def finding(self, detector: str) -> FindingRecorded | None:
        return next((finding for finding in self.findings if finding.detector == detector), None)


def field_of(event: TrackEvent) -> str:  # noqa: PLR0911 - one name a kind of event
    """The hash field that ``event`` occupies; a repeat of the event occupies the same one."""
    match event:
        case TrackUploaded():
            return "upload"
        case FindingRecorded():
            return f"finding:{event.detector}"
        case DecisionMade():
            return f"decision:{event.sequence}"
        case ReviewResolved():
            return f"review:{event.event_id}"
        case LabelStated():
            return f"label:{event.event_id}"
        case AppealFiled():
            return f"appeal:{event.event_id}"
        case AppealDecided():
            return f"appeal-decided:{event.appeal_id}"


def fold(fields: Mapping[str, bytes]) -> TrackView:
    """Read a track's hash.

    Raises:
        ContractError: a field does not hold the event that its name promises.
    """
    findings = [
        FindingRecorded.from_bytes(fields[name]) for name in sorted(fields) if name.startswith("finding:")
    ]
    decisions = [DecisionMade.from_bytes(fields[name]) for name in fields if name.startswith("decision:")]
    reviews = [ReviewResolved.from_bytes(fields[name]) for name in fields if name.startswith("review:")]
    labels = [LabelStated.from_bytes(fields[name]) for name in fields if name.startswith("label:")]
    appeals = [AppealFiled.from_bytes(fields[name]) for name in fields if name.startswith("appeal:")]
    decided = [
        AppealDecided.from_bytes(fields[name]) for name in fields if name.startswith("appeal-decided:")
    ]
    upload = fields.get("upload")
    return TrackView(
        upload=TrackUploaded.from_bytes(upload) if upload is not None else None,
        findings=tuple(findings),
        decisions=tuple(sorted(decisions, key=lambda decision: decision.sequence)),
        reviews=tuple(sorted(reviews, key=lambda review: (review.occurred_at, review.event_id))),
        labels=tuple(sorted(labels, key=lambda label: (label.occurred_at, label.event_id))),
        appeals=tuple(sorted(appeals, key=lambda appeal: (appeal.occurred_at, appeal.event_id))),
        appeals_decided=tuple(sorted(decided, key=lambda one: (one.occurred_at, one.event_id))),
    )
