"""Watching versions at work: shadows beside the version that decides, and the brake on one that runs away."""

from collections import deque
from collections.abc import Callable
from datetime import datetime

import structlog

from services.policy import metrics
from services.policy.changes import BREAKER, ChangeRefused, Wish, changed
from services.policy.evaluate import evaluate
from services.policy.inputs import PolicyInput
from services.policy.stages import PolicyBook
from shared.events import DecisionMade, Outcome, PolicyStage, PolicyVersionChanged

log = structlog.get_logger()


class Trial:
    """Sees every decision after it was made; nothing that happens here changes it.

    A version that a rollout or a promotion made act is held against the version before it, on the same
    inputs: a wave of bad deliveries or a failing detector raises both shares and stops nothing, a mistake in
    the new version raises its own. Over the last ``window`` decisions of this worker, and not before
    ``minimum`` of them, an excess above ``margin`` stops the version. ``stop`` gets the record that says so.
    """

    def __init__(
        self,
        book: PolicyBook,
        stop: Callable[[PolicyVersionChanged], None],
        *,
        window: int,
        minimum: int,
        margin: float,
    ) -> None:
        self._book = book
        self._stop = stop
        self._window = window
        self._minimum = minimum
        self._margin = margin
        self._held: dict[str, deque[int]] = {}

    def __call__(self, decision: DecisionMade, given: PolicyInput) -> None:
        metrics.BY_VERSION.labels(
            metrics.version_label(decision.policy_version), decision.outcome.value
        ).inc()
        if not decision.automated:
            return
        for shadow in self._book.shadows:
            try:
                found = evaluate(shadow, given).outcome
            except Exception:  # a trial may fail in any way, and must not reach the decision
                metrics.SHADOW_FAILED.labels(metrics.version_label(shadow.version)).inc()
                log.exception("a shadow failed", version=shadow.version, track=decision.track_id)
            else:
                metrics.SHADOWED.labels(
                    metrics.version_label(shadow.version), decision.outcome.value, found.value
                ).inc()
        self._compare(decision, given)

    def _compare(self, decision: DecisionMade, given: PolicyInput) -> None:
        version = decision.policy_version
        control = self._book.control_of(version)
        if control is None or control.version == version:
            return
        before = evaluate(control, given).outcome
        held = self._held.setdefault(version, deque(maxlen=self._window))
        held.append(_holds(decision.outcome) - _holds(before))
        excess = sum(held) / len(held)
        metrics.EXCESS.labels(metrics.version_label(version)).set(excess)
        if len(held) >= self._minimum and excess > self._margin:
            self._brake(version, excess, len(held), at=decision.occurred_at)

    def _brake(self, version: str, excess: float, seen: int, *, at: datetime) -> None:
        note = f"held {excess:.0%} more tracks than the version before it, over {seen} decisions"
        wish = Wish(PolicyStage.STOPPED, BREAKER, at, note=note)
        try:
            change = changed(self._book, version, wish)
        except ChangeRefused:
            return
        log.error("stopped a policy version", version=version, why=note)
        metrics.STOPPED.labels(metrics.version_label(version)).inc()
        del self._held[version]
        self._book.put(version, change)
        self._stop(change)


def _holds(outcome: Outcome) -> int:
    return 1 if outcome is Outcome.QUARANTINE else 0
