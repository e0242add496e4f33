"""What became of the samples, held against what must become of them. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from deploy.samples.manifest import ExpectedOutcome, Sample
from services.cli.problems import Refusal
from services.cli.tracks import Track

REQUIRED_DETECTORS = ("ai_detector", "voice_matcher", "fingerprint")
MISSING_REASON = "finding_missing"
"""Policy's word for a detector that has not answered by its deadline; its late answer re-opens the case."""
_KIND = re.compile(r"\((\w+)\)$")


@dataclass(frozen=True)
class Decided:
    """``repeated``: decided before this run. ``seconds`` are those from the delivery to the decision."""

    track: Track
    seconds: float
    repeated: bool = False


@dataclass(frozen=True)
class Refused:
    """Not accepted; ``kinds`` are the kinds of failure that the refusal names, ``says`` is for people."""

    kinds: tuple[str, ...]
    says: str
    seconds: float

    @classmethod
    def by(cls, refusal: Refusal, seconds: float) -> "Refused":
        named = [_KIND.search(reason) for _, reason in refusal.faults]
        return cls(tuple(found[1] for found in named if found), str(refusal), seconds)


@dataclass(frozen=True)
class Undecided:
    """No decision came, or the delivery did not arrive (then there is no track)."""

    track_id: str | None
    why: str
    seconds: float


Given = Decided | Refused | Undecided


@dataclass(frozen=True)
class Screened:
    sample: Sample
    given: Given

    @property
    def outcome(self) -> str | None:
        match self.given:
            case Decided(track):
                return track.state
            case Refused():
                return ExpectedOutcome.REJECTED_AT_UPLOAD.value
            case Undecided():
                return None

    @property
    def reasons(self) -> tuple[str, ...]:
        """Codes in the order given, each once."""
        match self.given:
            case Decided(track):
                return _codes([reason.code for reason in track.decision.reasons] if track.decision else [])
            case Refused(kinds):
                return kinds
            case Undecided():
                return ()

    @property
    def labels(self) -> tuple[str, ...]:
        decision = self.given.track.decision if isinstance(self.given, Decided) else None
        return _codes([label.code for label in decision.labels] if decision else [])

    @property
    def faults(self) -> tuple[str, ...]:
        """What is not as expected, in sentences. Reasons and labels beside the expected ones are no fault."""
        if isinstance(self.given, Undecided):
            return (f"no decision: {self.given.why}",)
        expected = self.sample.expected
        faults = []
        if self.outcome != expected.outcome.value:
            faults.append(f"expected {expected.outcome.value}, got {self.outcome}{self._because}")
        for what, wanted, got in (
            ("reason", expected.reasons, self.reasons),
            ("label", expected.labels, self.labels),
        ):
            faults += [f"the {what} {code} is missing" for code in wanted if code not in got]
        return tuple(faults)

    @property
    def _because(self) -> str:
        match self.given:
            case Decided(track) if track.decision is not None:
                if not track.decision.automated:
                    return " (a moderator decided it; a new TRACKGATE_HOME starts afresh)"
                return f" ({', '.join(self.reasons)})"
            case Refused(_, says):
                return f" ({says})"
            case _:
                return ""

    def as_json(self) -> dict[str, Any]:
        track = self.given.track if isinstance(self.given, Decided) else None
        track_id = self.given.track_id if isinstance(self.given, Undecided) else None
        return {
            "track_id": track.track_id if track else track_id,
            "file": self.sample.file,
            "expected": self.sample.expected.outcome.value,
            "decision": self.outcome,
            "labels": list(self.labels),
            "reasons": list(self.reasons),
            "findings": [finding.model_dump(mode="json") for finding in track.findings] if track else [],
            "seconds": round(self.given.seconds, 3),
        }


def is_settled(track: Track) -> bool:
    """Decided on all findings: a decision for want of one may still be superseded."""
    decision = track.decision
    return decision is not None and all(reason.code != MISSING_REASON for reason in decision.reasons)


def what_is_missing(track: Track | None) -> str:
    """What an undecided track waits for."""
    if track is None:
        return "nothing was heard of the track, ingest's log says why"
    heard = {finding.detector for finding in track.findings}
    missing = [name for name in REQUIRED_DETECTORS if name not in heard]
    if missing:
        return f"the finding of {' and of '.join(missing)} is missing"
    return "all findings are there, policy has not decided"


def agreed(screened: Sequence[Screened]) -> int:
    """How many came out as expected."""
    return sum(not one.faults for one in screened)


def _codes(codes: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(codes))
