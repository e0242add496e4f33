"""What a case page shows of a track, worked out from its view: pure, so that it can be tested by reading."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.events import (
    AiUse,
    ArtistMatch,
    DecisionMade,
    FindingRecorded,
    Outcome,
    Passage,
    TrackUploaded,
    Verdict,
)
from shared.views.tracks import TrackView

_DECLARED = {
    AiUse.NONE: "No AI use",
    AiUse.PARTLY: "Partly AI",
    AiUse.ALL: "Entirely AI",
    AiUse.UNDECLARED: "Not declared",
}
_DETECTED = {
    Verdict.LIKELY_GENERATED: "Likely generated",
    Verdict.MATCH: "Match",
    Verdict.POSSIBLE: "Possible match",
    Verdict.INCONCLUSIVE: "Inconclusive",
    Verdict.NOT_DETECTED: "Not detected",
    Verdict.NO_MATCH: "No match",
    Verdict.NOT_MEASURED: "Not measured",
    Verdict.ERROR: "Failed",
}
_ALARMING = {Verdict.LIKELY_GENERATED, Verdict.MATCH}
_UNSURE = {Verdict.POSSIBLE, Verdict.INCONCLUSIVE, Verdict.NOT_MEASURED, Verdict.ERROR}


@dataclass(frozen=True)
class Bar:
    """A score against its threshold as shares of the bar's length, 0 to 100."""

    score: float
    threshold: float
    from_value: float
    to_value: float


@dataclass(frozen=True)
class Mark:
    """A passage on a lane: seconds, score, and ``weight`` 0 to 1 for how strong it is drawn."""

    start: float
    end: float
    score: float
    weight: float
    note: str


@dataclass(frozen=True)
class Lane:
    """The passages of one detector, or of one matched artist, along the recording."""

    name: str
    tone: str
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class Measured:
    """A finding as it is shown; ``tone`` is alarm, unsure or calm."""

    detector: str
    subject: str
    verdict: str
    tone: str
    score: float | None
    threshold: float | None
    probability: float | None
    bar: Bar | None
    reason: str | None
    model_version: str
    seconds_measured: float
    measurements: Mapping[str, float | str]


@dataclass(frozen=True)
class Comparison:
    """One row of declared against detected; ``conflict`` when the two cannot both be so."""

    about: str
    declared: str
    detected: str
    conflict: bool


@dataclass(frozen=True)
class ConsideredGrant:
    """A consent grant that policy looked at, and what became of it."""

    artist: str
    grant_id: str
    state: str


def tone_of(verdict: Verdict) -> str:
    return "alarm" if verdict in _ALARMING else "unsure" if verdict in _UNSURE else "calm"


def verdict_in_words(verdict: Verdict) -> str:
    return _DETECTED[verdict]


def artist_names(decision: DecisionMade | None) -> Mapping[str, str]:
    """Names of the protected artists in the decision's record of its input."""
    facts = _facts(decision, "matches") + _facts(decision, "claims")
    return {str(fact["artist_id"]): str(fact["name"]) for fact in facts if fact.get("name")}


def measured(view: TrackView) -> tuple[Measured, ...]:
    """Every finding; a voice finding with matches gives one entry for each matched artist."""
    names = artist_names(view.decision)
    shown: list[Measured] = []
    for finding in view.findings:
        if finding.matches:
            shown += [_match(finding, match, names) for match in finding.matches]
        else:
            shown.append(_finding(finding))
    order = {"alarm": 0, "unsure": 1, "calm": 2}
    return tuple(sorted(shown, key=lambda entry: order[entry.tone]))


def lanes(view: TrackView) -> tuple[Lane, ...]:
    names = artist_names(view.decision)
    found: list[Lane] = []
    for finding in view.findings:
        if finding.passages:
            found.append(_lane(finding.detector, finding.verdict, finding.threshold, finding.passages))
        for match in finding.matches:
            if match.passages:
                name = f"{finding.detector}: {names.get(match.artist_id, match.artist_id)}"
                found.append(_lane(name, match.verdict, match.threshold, match.passages))
    return tuple(found)


def comparisons(upload: TrackUploaded, view: TrackView) -> tuple[Comparison, ...]:
    """Declared and detected side by side; never merged."""
    names = artist_names(view.decision)
    ai = view.finding("ai_detector")
    use = upload.declaration.ai_use
    detected = _DETECTED[ai.verdict] if ai else "No finding"
    rows = [
        Comparison(
            "AI use",
            _DECLARED[use],
            detected,
            conflict=ai is not None
            and ai.verdict is Verdict.LIKELY_GENERATED
            and use in {AiUse.NONE, AiUse.UNDECLARED},
        )
    ]
    voice = view.finding("voice_matcher")
    matched = voice.matches if voice else ()
    heard = ", ".join(names.get(match.artist_id, match.artist_id) for match in matched)
    credited = upload.declaration.display_artist
    rows.append(
        Comparison(
            "Voice",
            credited,
            heard or (_DETECTED[voice.verdict] if voice else "No finding"),
            conflict=any(
                match.verdict is Verdict.MATCH
                and names.get(match.artist_id, match.artist_id).casefold() not in credited.casefold()
                for match in matched
            ),
        )
    )
    return tuple(rows)


def considered_grants(decision: DecisionMade | None) -> tuple[ConsideredGrant, ...]:
    return tuple(
        dict.fromkeys(
            ConsideredGrant(
                str(fact.get("name") or fact.get("artist_id")), str(grant["grant_id"]), str(grant["state"])
            )
            for fact in _facts(decision, "matches") + _facts(decision, "claims")
            for grant in fact.get("grants", ())
        )
    )


def declared_use(use: AiUse) -> str:
    return _DECLARED[use]


def _facts(decision: DecisionMade | None, name: str) -> list[dict[str, Any]]:
    facts = decision.policy_input.get(name, ()) if decision else ()
    return [fact for fact in facts if isinstance(fact, dict) and "artist_id" in fact]


def _finding(finding: FindingRecorded) -> Measured:
    return Measured(
        detector=finding.detector,
        subject="",
        verdict=_DETECTED[finding.verdict],
        tone=tone_of(finding.verdict),
        score=finding.score,
        threshold=finding.threshold,
        probability=finding.probability,
        bar=_bar(finding.score, finding.threshold),
        reason=finding.reason,
        model_version=finding.model_version,
        seconds_measured=finding.seconds_measured,
        measurements=finding.measurements,
    )


def _match(finding: FindingRecorded, match: ArtistMatch, names: Mapping[str, str]) -> Measured:
    return Measured(
        detector=finding.detector,
        subject=names.get(match.artist_id, match.artist_id),
        verdict=_DETECTED[match.verdict],
        tone=tone_of(match.verdict),
        score=match.score,
        threshold=match.threshold,
        probability=match.probability,
        bar=_bar(match.score, match.threshold),
        reason=finding.reason,
        model_version=finding.model_version,
        seconds_measured=finding.seconds_measured,
        measurements=finding.measurements,
    )


def _bar(score: float | None, threshold: float | None) -> Bar | None:
    """The detector's own scale: 0 to 1 where both fit in it, else from the least to the greatest of both."""
    if score is None or threshold is None:
        return None
    least, greatest = min(0.0, score, threshold), max(1.0, score, threshold)
    if greatest > 1.0:
        greatest = max(abs(score), abs(threshold)) * 1.15
    span = greatest - least

    def share(value: float) -> float:
        return round(100 * (value - least) / span, 2)

    return Bar(share(score), share(threshold), least, round(greatest, 2))


def _lane(name: str, verdict: Verdict, threshold: float | None, passages: tuple[Passage, ...]) -> Lane:
    strongest = max(abs(passage.score) for passage in passages) or 1.0
    marks = tuple(
        Mark(
            start=passage.range.start,
            end=passage.range.end,
            score=passage.score,
            weight=round(min(abs(passage.score) / strongest, 1.0), 3),
            note=passage.note or "",
        )
        for passage in sorted(passages, key=lambda passage: passage.range.start)
    )
    above = threshold is None or any(mark.score >= threshold for mark in marks)
    return Lane(name, tone_of(verdict) if above else "calm", marks)


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
            finding.occurred_at, _DETECTED[finding.verdict], finding.detector, "", tone_of(finding.verdict)
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
