"""Evaluating a policy: every rule, every time, with its trace. Pure: the same input gives the same result.

What goes wrong holds the track: a rule that cannot be evaluated, a condition that is not true or false, a
track that no rule foresaw.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import cel

from services.policy.compiled import CompiledRule, Policy
from services.policy.inputs import AI_DETECTOR, VOICE_MATCHER, PolicyInput, scope_of
from services.policy.policy_file import LabelUse
from services.policy.review import apply_review
from services.policy.texts import filled, shown, value_at
from services.policy.verdict import SEVERITY, Evaluation
from shared.events import Label, Outcome, Reason, RuleTrace

RULE_FAILED = "policy_error"
PRIORITY_REVIEW = "priority_review"
_FAILED_PRIORITY = 90


@dataclass
class _Collected:
    """What the matching rules said so far."""

    outcomes: list[Outcome] = field(default_factory=list)
    reasons: list[Reason] = field(default_factory=list)
    held_by: list[Reason] = field(default_factory=list)
    labels: list[LabelUse] = field(default_factory=list)
    priority: int = 0

    def add(self, outcome: Outcome, reasons: list[Reason], priority: int) -> None:
        self.outcomes.append(outcome)
        self.reasons += reasons
        self.priority += priority
        if SEVERITY[outcome] >= SEVERITY[Outcome.QUARANTINE]:
            self.held_by += reasons


def evaluate(policy: Policy, given: PolicyInput) -> Evaluation:
    """The result of the policy on the input, a person's review included where the input holds one."""
    values = scope_of(given).model_dump(mode="python")
    context = cel.Context(variables=values)
    traces: list[RuleTrace] = []
    collected = _Collected()
    final: str | None = None
    for compiled in policy.rules:
        outcome = _Rule(compiled, given, values, context).result()
        traces.append(outcome.trace)
        if outcome.failed and final is None:
            collected.add(Outcome.QUARANTINE, [_failure(compiled)], _FAILED_PRIORITY)
        if not outcome.reasons:
            continue
        then = compiled.rule.then
        if then.final and final is None:
            final, collected = compiled.rule.id, _Collected()
        if final is None or final == compiled.rule.id:
            collected.add(then.outcome, outcome.reasons, then.priority)
            collected.labels += then.labels
    if final is not None:
        traces = [_set_aside(trace, final) for trace in traces]
    automatic = _combined(policy, collected, tuple(traces))
    if given.review is None:
        return automatic
    return apply_review(automatic, given.review, policy.labels, final_rule=final)


@dataclass(frozen=True)
class _Result:
    trace: RuleTrace
    reasons: list[Reason]
    failed: bool = False


class _Rule:
    """One rule on one input."""

    def __init__(
        self, compiled: CompiledRule, given: PolicyInput, values: dict[str, Any], context: cel.Context
    ) -> None:
        self._compiled = compiled
        self._given = given
        self._values = values
        self._context = context

    def result(self) -> _Result:
        each = self._compiled.each
        if each is None:
            holds, why = self._holds(self._values)
            return self._settled([(holds, why, self._reason(self._values, ()) if holds else None)])
        elements = getattr(self._given, each.collection)
        if not elements:
            return _Result(self._trace(matched=False, why=f"there are no {each.collection}"), [])
        found = []
        for element, value in zip(elements, self._values[each.collection], strict=True):
            values = {**self._values, each.variable: value}
            self._context.add_variable(each.variable, value)
            holds, why = self._holds(values)
            found.append((holds, why, self._reason(values, element.evidence) if holds else None))
        return self._settled(found)

    def _settled(self, found: list[tuple[bool | None, str, Reason | None]]) -> _Result:
        reasons = [reason for _, _, reason in found if reason is not None]
        why = "; ".join(
            dict.fromkeys(sentence for holds, sentence, _ in found if bool(holds) == bool(reasons))
        )
        failures = [sentence for holds, sentence, _ in found if holds is None]
        if failures:
            why = "; ".join(dict.fromkeys([*failures, *([why] if reasons else [])]))
        return _Result(self._trace(matched=bool(reasons), why=why), reasons, failed=bool(failures))

    def _holds(self, values: Mapping[str, Any]) -> tuple[bool | None, str]:
        """Whether all conditions hold and why; None where that cannot be told.

        As in CEL, a condition that is false settles it, whatever became of the others.
        """
        failure: str | None = None
        for condition in self._compiled.conditions:
            try:
                holds = condition.program.execute(self._context)
            except Exception as error:  # noqa: BLE001 - whatever the engine raises, the track is held and the trace says so
                failure = failure or f"`{condition.text}` failed: {type(error).__name__}"
                continue
            if holds is False:
                return False, f"`{condition.text}` is not so ({_facts(condition.paths, values)})"
            if holds is not True:
                failure = failure or f"`{condition.text}` is neither true nor false"
        if failure is not None:
            return None, failure
        return True, _facts(self._compiled.paths, values)

    def _reason(self, values: Mapping[str, Any], evidence: tuple[str, ...]) -> Reason:
        for name, detector in (("ai", AI_DETECTOR), ("voice", VOICE_MATCHER)):
            if name in self._compiled.subjects:
                evidence += self._given.finding(detector).evidence
        rule = self._compiled.rule
        return Reason(
            code=rule.then.reason,
            text=filled(rule.then.text, values),
            rule=rule.id,
            evidence=tuple(dict.fromkeys(evidence)),
        )

    def _trace(self, *, matched: bool, why: str) -> RuleTrace:
        return RuleTrace(rule=self._compiled.rule.id, matched=matched, why=why)


def _combined(policy: Policy, collected: _Collected, traces: tuple[RuleTrace, ...]) -> Evaluation:
    if not collected.outcomes:
        otherwise = policy.file.otherwise
        reason = Reason(code=otherwise.reason, text=otherwise.text, rule="otherwise")
        collected.add(otherwise.outcome, [reason], otherwise.priority)
    outcome = max(collected.outcomes, key=SEVERITY.__getitem__)
    priority = min(100, collected.priority)
    if SEVERITY[outcome] < SEVERITY[Outcome.QUARANTINE] and priority >= policy.file.review_from:
        outcome = Outcome.QUARANTINE
        text = (
            f"No single rule holds this track, but together what was found weighs {priority} of 100, "
            f"and from {policy.file.review_from} a person looks."
        )
        reason = Reason(code=PRIORITY_REVIEW, text=text, rule="review_from")
        collected.reasons.append(reason)
        collected.held_by.append(reason)
    return Evaluation(
        policy_version=policy.version,
        outcome=outcome,
        reasons=tuple(collected.reasons),
        labels=_labels(policy, collected.labels),
        trace=traces,
        priority=priority,
        held_by=tuple(collected.held_by),
    )


def _labels(policy: Policy, uses: list[LabelUse]) -> tuple[Label, ...]:
    """Each label once; one that is both declared and detected says so."""
    bases: dict[str, list[str]] = {}
    for use in uses:
        bases.setdefault(use.code, []).append(use.basis)
    return tuple(
        Label(code=code, text=policy.labels.text(code) or code, basis=_basis(found))
        for code, found in bases.items()
    )


def _basis(found: list[str]) -> str:
    if len(set(found)) == 1:
        return found[0]
    return "licensed" if "licensed" in found else "both"


def _failure(compiled: CompiledRule) -> Reason:
    text = f"The rule {compiled.rule.id} could not be evaluated, so the track is held."
    return Reason(code=RULE_FAILED, text=text, rule=compiled.rule.id)


def _set_aside(trace: RuleTrace, final: str) -> RuleTrace:
    if not trace.matched or trace.rule == final:
        return trace
    return trace.model_copy(update={"why": f"{trace.why}; set aside by the final rule {final}"})


def _facts(paths: tuple[str, ...], values: Mapping[str, Any]) -> str:
    return ", ".join(f"{path} is {shown(value_at(values, path))}" for path in paths)
