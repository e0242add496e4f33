"""What a case page shows of a track, worked out from its view: pure, so that it can be tested by reading."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.moderation.artist_names import artist_names
from services.moderation.particulars import Particulars, particulars
from shared.events import (
    ArtistMatch,
    FindingRecorded,
    Passage,
    Verdict,
)
from shared.views.tracks import TrackView

_DETECTED = {
    Verdict.LIKELY_GENERATED: "Likely generated",
    Verdict.MATCH: "Match",
    Verdict.POSSIBLE: "Possible match",
    Verdict.INCONCLUSIVE: "Inconclusive",
    Verdict.NOT_DETECTED: "Not detected",
    Verdict.NO_MATCH: "No match",
    Verdict.MATCH_REMOVED: "Removed before",
    Verdict.DUPLICATE_OF: "Delivered before",
    Verdict.NOT_MEASURED: "Not measured",
    Verdict.ERROR: "Failed",
}
_ALARMING = {Verdict.LIKELY_GENERATED, Verdict.MATCH, Verdict.MATCH_REMOVED}
_UNSURE = {
    Verdict.POSSIBLE,
    Verdict.INCONCLUSIVE,
    Verdict.NOT_MEASURED,
    Verdict.ERROR,
    Verdict.DUPLICATE_OF,
}


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
    particulars: Particulars


def tone_of(verdict: Verdict) -> str:
    return "alarm" if verdict in _ALARMING else "unsure" if verdict in _UNSURE else "calm"


def verdict_in_words(verdict: Verdict) -> str:
    return _DETECTED[verdict]


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
        if finding.ranges:
            name = f"{finding.detector}: positive by themselves"
            found.append(_lane(name, Verdict.LIKELY_GENERATED, None, finding.ranges))
        for match in finding.matches:
            if match.passages:
                name = f"{finding.detector}: {names.get(match.artist_id, match.artist_id)}"
                found.append(_lane(name, match.verdict, match.threshold, match.passages))
    return tuple(found)


def _finding(finding: FindingRecorded) -> Measured:
    return Measured(
        detector=finding.detector,
        subject="",
        verdict=verdict_in_words(finding.verdict),
        tone=tone_of(finding.verdict),
        score=finding.score,
        threshold=finding.threshold,
        probability=finding.probability,
        bar=_bar(finding.score, finding.threshold),
        reason=finding.reason,
        model_version=finding.model_version,
        seconds_measured=finding.seconds_measured,
        measurements=finding.measurements,
        particulars=particulars(finding, finding.passages),
    )


def _match(finding: FindingRecorded, match: ArtistMatch, names: Mapping[str, str]) -> Measured:
    return Measured(
        detector=finding.detector,
        subject=names.get(match.artist_id, match.artist_id),
        verdict=verdict_in_words(match.verdict),
        tone=tone_of(match.verdict),
        score=match.score,
        threshold=match.threshold,
        probability=match.probability,
        bar=_bar(match.score, match.threshold),
        reason=finding.reason,
        model_version=finding.model_version,
        seconds_measured=finding.seconds_measured,
        measurements=finding.measurements,
        particulars=particulars(finding, match.passages),
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
