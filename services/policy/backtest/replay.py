"""Deciding again from the record: the same policy on the same input must say the same, word for word."""

from dataclasses import dataclass

from services.policy.domain import REOPENED
from services.policy.evaluate import evaluate
from services.policy.inputs import PolicyInput
from services.policy.stages import PolicyBook
from shared.events import DecisionMade


@dataclass(frozen=True)
class Identical:
    pass


@dataclass(frozen=True)
class Differs:
    """``fields`` are those of the decision that came out otherwise."""

    fields: tuple[str, ...]


@dataclass(frozen=True)
class NotReplayable:
    why: str


Replayed = Identical | Differs | NotReplayable


def replayed(decision: DecisionMade, book: PolicyBook) -> Replayed:
    policy = book.content(decision.policy_version)
    if policy is None:
        return NotReplayable(f"the content of {decision.policy_version} is not on record")
    if not decision.policy_input:
        return NotReplayable("the decision holds no input")
    result = evaluate(policy, PolicyInput.model_validate(decision.policy_input))
    reasons = tuple(reason for reason in decision.reasons if reason.code != REOPENED)
    pairs = {
        "outcome": (decision.outcome, result.outcome),
        "reasons": (reasons, result.reasons),
        "labels": (decision.labels, result.labels),
        "trace": (decision.trace, result.trace),
        "priority": (decision.priority, result.priority),
    }
    different = tuple(name for name, (was, now) in pairs.items() if was != now)
    return Differs(different) if different else Identical()
