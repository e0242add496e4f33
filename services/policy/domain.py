"""The life of a track's decision: when one is due, when one stands, when one is superseded. Pure."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.policy.assemble import assemble
from services.policy.compiled import Policy
from services.policy.evaluate import evaluate
from services.policy.inputs import PolicyInput
from services.policy.on_record import recorded_input, said
from services.policy.patterns import Account
from services.policy.registry import Registry
from services.policy.statements import statement_of
from services.policy.verdict import SEVERITY, Evaluation
from shared.events import DecisionMade, Reason, ReviewResolved, TrackUploaded
from shared.ids import deterministic_id
from shared.views.tracks import TrackView

REOPENED = "reopened_after_review"
EMPTY_VIEW = TrackView(upload=None, findings=(), decisions=(), reviews=())


@dataclass(frozen=True)
class Decide:
    """Publish this decision, made from this input; it supersedes the one before."""

    decision: DecisionMade
    given: PolicyInput


@dataclass(frozen=True)
class Wait:
    """Not everything is there yet, and the deadline has not come."""

    missing: tuple[str, ...]


@dataclass(frozen=True)
class Stands:
    """Nothing is to be decided; ``why`` is for the log. ``look_again``: when time may change that."""

    why: str
    look_again: datetime | None = None


@dataclass(frozen=True)
class Unknown:
    """What the event refers to has not arrived yet; it may later."""

    why: str


Step = Decide | Wait | Stands | Unknown


class CurrentPolicy(Protocol):
    """Where the policy that decides comes from; it may be another one at the next call."""

    def policy_for(self, track_id: str) -> Policy: ...


@dataclass(frozen=True)
class FixedPolicy:
    """The policy that the process was started with."""

    fixed: Policy

    def policy_for(self, track_id: str) -> Policy:  # noqa: ARG002 - the same for every track
        return self.fixed


class Judge:
    """Decides what is next for a track, from its view, the registry and the time alone.

    Ids follow from track, sequence and cause, so that a repeat of the same step makes the same decision id.
    """

    def __init__(self, current: CurrentPolicy, registry: Registry, required: Collection[str]) -> None:
        self._current = current
        self._registry = registry
        self._required = tuple(sorted(required))

    def on_facts(
        self,
        view: TrackView,
        *,
        cause: str,
        at: datetime,
        deadline_reached: bool = False,
        account: Account | None = None,
    ) -> Step:
        """After an upload, a finding, or (``deadline_reached``) the deadline of a track.

        A track is first decided when all required detectors have answered about its audio or its deadline
        has come. Later, what is new is decided again, and supersedes only if the result changed. A person's
        decision is superseded only by a stricter one that rests on a reason they had not seen.
        """
        if view.upload is None:
            return Wait(("upload",))
        given = self._input(view, view.upload, at, account=account)
        standing = view.decision
        if standing is None:
            missing = tuple(f.detector for f in given.findings if f.required and f.event_id is None)
            if missing and not deadline_reached:
                return Wait(missing)
            return self._decide(
                view, view.upload, given, evaluate(self._current.policy_for(given.track_id), given), cause
            )
        return self._again(view, view.upload, standing, given, cause)

    def _again(
        self,
        view: TrackView,
        upload: TrackUploaded,
        standing: DecisionMade,
        given: PolicyInput,
        cause: str,
        *,
        facts_changed: bool = False,
    ) -> Step:
        before = recorded_input(standing)
        if not facts_changed and before is not None and given.finding_ids <= before.finding_ids:
            return Stands("nothing new since the decision", given.next_change)
        if not standing.automated:
            step = self._after_review(view, upload, standing, before, given, cause)
            return (
                step if isinstance(step, Decide) else self._relabelled(view, upload, standing, given, cause)
            )
        result = evaluate(self._current.policy_for(given.track_id), given)
        if result.said == said(standing):
            return Stands("what is new does not change the result", given.next_change)
        return self._decide(view, upload, given, result, cause)

    def on_changed_facts(
        self, view: TrackView, *, cause: str, at: datetime, account: Account | None = None
    ) -> Step:
        """After something outside the track changed: consent, another of the account's tracks, labels, time.

        A track that is not decided yet has nothing to re-open.
        """
        if view.upload is None or view.decision is None:
            return Stands("not decided yet")
        given = self._input(view, view.upload, at, account=account)
        return self._again(view, view.upload, view.decision, given, cause, facts_changed=True)

    def on_review(
        self, view: TrackView, review: ReviewResolved, *, at: datetime, account: Account | None = None
    ) -> Step:
        """After a person's answer. It is applied to the decision that it is about, while that one stands."""
        standing = view.decision
        if view.upload is None or review.decision_id not in {d.event_id for d in view.decisions}:
            return Unknown(f"decision {review.decision_id} is not known (yet)")
        if standing is None or standing.event_id != review.decision_id:
            return Stands(f"decision {review.decision_id} no longer stands, the review is not applied")
        given = self._input(view, view.upload, at, review, account)
        result = evaluate(self._current.policy_for(given.track_id), given)
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
        policy = self._current.policy_for(given.track_id)
        result = evaluate(policy, given)
        seen: frozenset[tuple[str, str | None, str]] = frozenset()
        if before is not None:
            seen = _held_by(evaluate(policy, before.model_copy(update={"review": None})))
        new = _held_by(result) - seen
        if not new or SEVERITY[result.outcome] <= SEVERITY[standing.outcome]:
            return Stands("the person's decision stands, nothing new restricts the track", given.next_change)
        text = "What became known after a moderator's review gives a new reason to hold this track."
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

    def _relabelled(
        self, view: TrackView, upload: TrackUploaded, standing: DecisionMade, given: PolicyInput, cause: str
    ) -> Step:
        """A person's decision stays; labels that were stated, or expired, since then are laid over it."""
        before = recorded_input(standing)
        if before is None or before.label_statements == given.label_statements:
            return Stands("the person's decision stands, nothing new restricts the track", given.next_change)
        known = before.model_copy(
            update={"label_statements": given.label_statements, "evaluated_at": given.evaluated_at}
        )
        result = evaluate(self._current.policy_for(given.track_id), known)
        if result.said == said(standing):
            return Stands("the labels stay as they are", known.next_change)
        return self._decide(view, upload, known, result, cause, reviewer=standing.decided_by)

    def _input(
        self,
        view: TrackView,
        upload: TrackUploaded,
        at: datetime,
        review: ReviewResolved | None = None,
        account: Account | None = None,
    ) -> PolicyInput:
        return assemble(
            upload,
            view,
            self._registry,
            required=self._required,
            at=at,
            review=review,
            account=account,
        )

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
        return Decide(decision.model_copy(update={"statement": statement_of(decision, upload)}), given)


def _held_by(result: Evaluation) -> frozenset[tuple[str, str | None, str]]:
    return frozenset((reason.code, reason.rule, reason.text) for reason in result.held_by)
