"""What a finding says beyond its score: by passage, by part of the music, other tracks with the recording."""

from dataclasses import dataclass

from services.moderation.domain.cases import case_id_of
from shared.events import FindingRecorded, Part, Passage, RecordingCopy, Sameness

_PARTS = {Part.VOCAL: "The voice", Part.INSTRUMENTAL: "The instruments"}
_SAMENESS = {
    Sameness.FILE: "the same file",
    Sameness.SAMPLES: "the same samples",
    Sameness.SOUND: "the same to the ear",
}


@dataclass(frozen=True)
class Stretch:
    """Seconds, and ``percent`` where the passage has a probability of its own."""

    start: float
    end: float
    score: float
    percent: int | None


@dataclass(frozen=True)
class PartRead:
    name: str
    percent: int | None
    seconds: float
    how: str


@dataclass(frozen=True)
class Copy:
    """Another track with this recording. ``case_id`` is where its case would be; it may have none."""

    track_id: str
    case_id: str
    distributor_id: str
    how: str
    seconds: float
    removed: bool
    earlier: bool
    came_first: bool
    same_claim: bool


@dataclass(frozen=True)
class Particulars:
    """``positive``: stretches that are positive by themselves, whatever the whole is."""

    passages: tuple[Stretch, ...]
    positive: tuple[Stretch, ...]
    parts: tuple[PartRead, ...]
    copies: tuple[Copy, ...]


def particulars(finding: FindingRecorded, passages: tuple[Passage, ...]) -> Particulars:
    """``passages`` are the finding's, or those of one of its matches."""
    return Particulars(
        passages=tuple(_stretch(one) for one in sorted(passages, key=lambda one: one.range.start)),
        positive=tuple(_stretch(one) for one in sorted(finding.ranges, key=lambda one: one.range.start)),
        parts=tuple(
            PartRead(_PARTS[one.part], _percent(one.probability), one.seconds, one.how)
            for one in finding.parts
        ),
        copies=tuple(_copy(one) for one in finding.copies),
    )


def _stretch(passage: Passage) -> Stretch:
    return Stretch(passage.range.start, passage.range.end, passage.score, _percent(passage.probability))


def _copy(copy: RecordingCopy) -> Copy:
    return Copy(
        track_id=copy.track_id,
        case_id=case_id_of(copy.track_id),
        distributor_id=copy.distributor_id,
        how=_SAMENESS[copy.sameness],
        seconds=copy.seconds,
        removed=copy.removed,
        earlier=copy.earlier,
        came_first=copy.came_first,
        same_claim=copy.same_claim,
    )


def _percent(probability: float | None) -> int | None:
    return None if probability is None else round(100 * probability)
