"""Everything that happened to a track, for the side of its case page."""

from dataclasses import dataclass
from datetime import datetime

from services.moderation.evidence import tone_of, verdict_in_words
from shared.events import Outcome
from shared.views.tracks import TrackView


@dataclass(frozen=True)
class Happened:
    """One entry of a track's history."""

    at: datetime
    what: str
    by: str
    detail: str
    tone: str


_OUTCOME_TONE = {
    Outcome.PUBLISH: "calm",
    Outcome.LABEL: "calm",
    Outcome.QUARANTINE: "unsure",
    Outcome.REJECT: "alarm",
}


def history(view: TrackView) -> tuple[Happened, ...]:
    """Everything that happened to the track, newest first."""
    entries: list[Happened] = []
    if view.upload is not None:
        entries.append(
            Happened(
                view.upload.received_at,
                "Delivered",
                view.upload.distributor_id,
                view.upload.file_name or "",
                "",
            )
        )
    entries += [
        Happened(
            finding.occurred_at,
            verdict_in_words(finding.verdict),
            finding.detector,
            "",
            tone_of(finding.verdict),
        )
        for finding in view.findings
    ]
    entries += [
        Happened(
            decision.occurred_at,
            f"Decision {decision.sequence}: {decision.outcome}",
            decision.decided_by,
            ", ".join(reason.code for reason in decision.reasons),
            _OUTCOME_TONE[decision.outcome],
        )
        for decision in view.decisions
    ]
    entries += [
        Happened(
            review.occurred_at,
            f"Review: {review.outcome}",
            review.reviewer_id,
            review.note,
            _OUTCOME_TONE[review.outcome],
        )
        for review in view.reviews
    ]
    return tuple(sorted(entries, key=lambda entry: entry.at, reverse=True))
