"""The result of an evaluation."""

from dataclasses import dataclass

from shared.events import Label, Outcome, Reason, RuleTrace

SEVERITY = {Outcome.PUBLISH: 0, Outcome.LABEL: 1, Outcome.QUARANTINE: 2, Outcome.REJECT: 3}


@dataclass(frozen=True)
class Evaluation:
    """``held_by`` are those of the reasons that hold the track by themselves."""

    policy_version: str
    outcome: Outcome
    reasons: tuple[Reason, ...]
    labels: tuple[Label, ...]
    trace: tuple[RuleTrace, ...]
    priority: int
    held_by: tuple[Reason, ...]

    @property
    def said(self) -> tuple[object, ...]:
        """What a listener, a distributor or a moderator would notice; two equal ones need one decision."""
        return (
            self.outcome,
            tuple((reason.code, reason.rule, reason.text) for reason in self.reasons),
            tuple((label.code, label.basis) for label in self.labels),
        )
