"""A track as the upload API tells it, and how the command line shows it. Pure."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from shared.errors import ContractError

RECEIVED = "received"


class _Told(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Note(_Told):
    """A reason or a label: a code for machines, a sentence for people."""

    code: str
    text: str


class Finding(_Told):
    detector: str
    verdict: str
    score: float | None = None
    probability: float | None = None
    reason: str | None = None

    @property
    def brief(self) -> str:
        """``ai_detector likely_generated 0.97``; the probability where there is one, else the raw score."""
        number = self.probability if self.probability is not None else self.score
        return f"{self.detector} {self.verdict}" + ("" if number is None else f" {number:.2f}")


class Decision(_Told):
    outcome: str
    reasons: tuple[Note, ...] = ()
    labels: tuple[Note, ...] = ()
    decided_at: datetime
    policy_version: str = ""
    automated: bool = True


class HistoryEntry(_Told):
    at: datetime
    what: str
    summary: str


class Track(_Told):
    """``final``: nobody is expected to change the state any more; a quarantined track waits for a person."""

    track_id: str
    state: str
    final: bool
    file_name: str | None = None
    received_at: datetime
    decision: Decision | None = None
    findings: tuple[Finding, ...] = ()
    history: tuple[HistoryEntry, ...] = ()
    declared: dict[str, Any] = {}

    @classmethod
    def parse(cls, text: str | bytes) -> "Track":
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            raise ContractError(
                "the upload API told of a track in a way this version does not know"
            ) from error

    @property
    def title(self) -> str:
        return str(self.declared.get("title") or self.file_name or self.track_id)

    @property
    def seconds(self) -> float | None:
        """From arrival to the decision that stands."""
        return (
            None if self.decision is None else (self.decision.decided_at - self.received_at).total_seconds()
        )

    @property
    def progress(self) -> str:
        """One line on where it stands."""
        if self.decision is not None:
            return self.decision.outcome
        heard = ", ".join(finding.brief for finding in self.findings)
        return f"screening: {heard}" if heard else "screening"
