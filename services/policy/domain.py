"""The life of a track's decision: when one is due, when one stands, when one is superseded. Pure."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.policy.assemble import assemble
from services.policy.compiled import Policy
from services.policy.evaluate import evaluate
from services.policy.inputs import PolicyInput
from services.policy.registry import Registry
from services.policy.verdict import SEVERITY, Evaluation
from shared.events import DecisionMade, Reason, ReviewResolved, TrackUploaded
from shared.ids import deterministic_id
from shared.views.tracks import TrackView

REOPENED = "reopened_after_review"
EMPTY_VIEW = TrackView(upload=None, findings=(), decisions=(), reviews=())


@dataclass(frozen=True)
class Decide:
    """Publish this decision; it supersedes the one before."""

    decision: DecisionMade


@dataclass(frozen=True)
class Wait:
    """Not everything is there yet, and the deadline has not come."""

    missing: tuple[str, ...]


@dataclass(frozen=True)
class Stands:
    """Nothing is to be decided; ``why`` is for the log."""

    why: str


@dataclass(frozen=True)
class Unknown:
    """What the event refers to has not arrived yet; it may later."""

    why: str


Step = Decide | Wait | Stands | Unknown


class CurrentPolicy(Protocol):
    """Where the policy that decides comes from; it may be another one at the next call."""

    def policy(self) -> Policy: ...


@dataclass(frozen=True)
class FixedPolicy:
    """The policy that the process was started with."""

    fixed: Policy

    def policy(self) -> Policy:
        return self.fixed


class Judge:
    """Decides what is next for a track, from its view, the registry and the time alone.

    Ids follow from track, sequence and cause, so that a repeat of the same step makes the same decision id.
    """

    def __init__(self, current: CurrentPolicy, registry: Registry, required: Collection[str]) -> None:
        self._current = current
        self._registry = registry
        self._required = tuple(sorted(required))

    def on_facts(self, view: TrackView, *, cause: str, at: datetime, deadline_reached: bool = False) -> Step:
        """After an upload, a finding, or (``deadline_reached``) the deadline of a track.

        A track is first decided when all required detectors have answered about its audio or its deadline
        has come. Later, what is new is decided again, and supersedes only if the result changed. A person's
        decision is superseded only by a stricter one that rests on a reason they had not seen.
        """
        if view.upload is None:
            return Wait(("upload",))
        given = self._input(view, view.upload, at)
        standing = view.decision
        if standing is None:
            missing = tuple(f.detector for f in given.findings if f.required and f.event_id is None)
            if missing and not deadline_reached:
                return Wait(missing)
            return self._decide(view, view.upload, given, evaluate(self._current.policy(), given), cause)
        return self._again(view, view.upload, standing, given, cause)

    def _again(
        self,
        view: TrackView,
        upload: TrackUploaded,
        standing: DecisionMade,
        given: PolicyInput,
        cause: str,
    ) -> Step:
        before = _recorded_input(standing)
        if before is not None and given.finding_ids <= before.finding_ids:
            return Stands("nothing new since the decision")
        if not standing.automated:
            return self._after_review(view, upload, standing, before, given, cause)
        result = evaluate(self._current.policy(), given)
        if result.said == _said(standing):
            return Stands("the new finding does not change the result")
        return self._decide(view, upload, given, result, cause)

    def on_review(self, view: TrackView, review: ReviewResolved, *, at: datetime) -> Step:
        """After a person's answer. It is applied to the decision that it is about, while that one stands."""
        standing = view.decision
        if view.upload is None or review.decision_id not in {d.event_id for d in view.decisions}:
            return Unknown(f"decision {review.decision_id} is not known (yet)")
        if standing is None or standing.event_id != review.decision_id:
            return Stands(f"decision {review.decision_id} no longer stands, the review is not applied")
        given = self._input(view, view.upload, at, review)
        result = evaluate(self._current.policy(), given)
        return self._decide(view, view.upload, given, result, review.event_id, reviewer=review.reviewer_id)

    def _after_review(
        self,
        view: TrackView,
        upload: TrackUploaded,
        standing: DecisionMade,
        before: PolicyInput | None,
        given: PolicyInput,
        cause: str,
    ) -> Step:
        """Both inputs go through the same policy, so that a changed wording is no new reason."""
        policy = self._current.policy()
        result = evaluate(policy, given)
        seen: frozenset[tuple[str, str | None, str]] = frozenset()
        if before is not None:
            seen = _held_by(evaluate(policy, before.model_copy(update={"review": None})))
        new = _held_by(result) - seen
        if not new or SEVERITY[result.outcome] <= SEVERITY[standing.outcome]:
            return Stands("the person's decision stands, nothing new restricts the track")
        text = "A finding that came after a moderator's review gives a new reason to hold this track."
        reason = Reason(code=REOPENED, text=text, evidence=(standing.event_id,))
        reopened = Evaluation(
            policy_version=result.policy_version,
            outcome=result.outcome,
            reasons=(reason, *result.reasons),
            labels=result.labels,
            trace=result.trace,
            priority=result.priority,
            held_by=(reason, *result.held_by),
        )
        return self._decide(view, upload, given, reopened, cause)

    def _input(
        self, view: TrackView, upload: TrackUploaded, at: datetime, review: ReviewResolved | None = None
    ) -> PolicyInput:
        return assemble(upload, view, self._registry, required=self._required, at=at, review=review)

    def _decide(
        self,
        view: TrackView,
        upload: TrackUploaded,
        given: PolicyInput,
        result: Evaluation,
        cause: str,
        reviewer: str | None = None,
    ) -> Decide:
        before = view.decision
        sequence = before.sequence + 1 if before is not None else 1
        decision = DecisionMade(
            event_id=deterministic_id("decision", upload.track_id, str(sequence), cause),
            occurred_at=given.evaluated_at,
            track_id=upload.track_id,
            audio_sha256=upload.audio.sha256,
            sequence=sequence,
            outcome=result.outcome,
            reasons=result.reasons,
            labels=result.labels,
            policy_version=result.policy_version,
            trace=result.trace,
            policy_input=given.model_dump(mode="json"),
            automated=reviewer is None,
            decided_by=reviewer or "policy",
            priority=result.priority,
            supersedes=before.event_id if before is not None else None,
        )
        return Decide(decision)


def review_applied(view: TrackView, review: ReviewResolved) -> bool:
    """Whether one of the track's decisions came from this review."""
    inputs = (_recorded_input(decision) for decision in view.decisions if not decision.automated)
    return any(
        i is not None and i.review is not None and i.review.event_id == review.event_id for i in inputs
    )


def _recorded_input(decision: DecisionMade) -> PolicyInput | None:
    return PolicyInput.model_validate(decision.policy_input) if decision.policy_input else None


def _held_by(result: Evaluation) -> frozenset[tuple[str, str | None, str]]:
    return frozenset((reason.code, reason.rule, reason.text) for reason in result.held_by)


def _said(decision: DecisionMade) -> tuple[object, ...]:
    return (
        decision.outcome,
        tuple((reason.code, reason.rule, reason.text) for reason in decision.reasons),
        tuple((label.code, label.basis) for label in decision.labels),
    )
