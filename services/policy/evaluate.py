"""Evaluating a policy: every rule, every time, with its trace. Pure: the same input gives the same result.

What goes wrong holds the track: a rule that cannot be evaluated, a condition that is not true or false, a
track that no rule foresaw. This is the only evaluator: live, shadow, rollout, backtest and replay call it.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from pydantic import BaseModel

from services.policy.compiled import CompiledRule, Group, Policy, Step
from services.policy.inputs import PolicyInput
from services.policy.labelling import apply_labels
from services.policy.looking import Sight
from services.policy.policy_file import LabelUse
from services.policy.review import apply_review
from services.policy.texts import filled
from services.policy.verdict import SEVERITY, Evaluation
from shared.events import Label, Outcome, Reason, RuleTrace

RULE_FAILED = "policy_error"
PRIORITY_REVIEW = "priority_review"
REMEMBERED = 512
_FAILED_PRIORITY = 90


@dataclass
class _Collected:
    """What the matching rules said so far."""

    outcomes: list[Outcome] = field(default_factory=list)
    reasons: list[Reason] = field(default_factory=list)
    held_by: list[Reason] = field(default_factory=list)
    labels: list[LabelUse] = field(default_factory=list)
    priority: int = 0

    def add(self, outcome: Outcome, reasons: Sequence[Reason], priority: int) -> None:
        self.outcomes.append(outcome)
        self.reasons += reasons
        self.priority += priority
        if SEVERITY[outcome] >= SEVERITY[Outcome.QUARANTINE]:
            self.held_by += reasons


class _Result(NamedTuple):
    """One rule on the input, or on one element of a list."""

    trace: RuleTrace
    reasons: tuple[Reason, ...] = ()
    failed: bool = False


_UNSEEN = _Result(RuleTrace(rule="", matched=False, why=""), failed=True)


def evaluate(policy: Policy, given: PolicyInput) -> Evaluation:
    """The result of the policy on the input, a person's review included where the input holds one."""
    results = _results(policy, given)
    collected = _Collected()
    final: str | None = None
    for number, (_, reasons, failed) in enumerate(results):
        if not reasons and not failed:
            continue
        compiled = policy.rules[number]
        if failed and final is None:
            collected.add(Outcome.QUARANTINE, [_failure(compiled)], _FAILED_PRIORITY)
        if not reasons:
            continue
        then = compiled.rule.then
        if then.final and final is None:
            final, collected = compiled.rule.id, _Collected()
        if final is None or final == compiled.rule.id:
            collected.add(then.outcome, reasons, then.priority)
            collected.labels += then.labels
    traces = tuple([result[0] for result in results])
    if final is not None:
        traces = tuple(_set_aside(trace, final) for trace in traces)
    found = _combined(policy, collected, traces)
    if given.review is not None:
        found = apply_review(
            found,
            given.review,
            policy.labels,
            final_rule=final,
            needs_two=given.recognises_a_protected_voice,
        )
    return apply_labels(found, given.label_statements, policy.labels)


def _results(policy: Policy, given: PolicyInput) -> list[_Result]:
    """In the order of the rules."""
    sight = Sight(policy, given)
    found: list[_Result] = [_UNSEEN] * len(policy.rules)
    for group in policy.groups:
        if group.each is None:
            for place, result in zip(group.rules, _at(policy, group, sight, ()), strict=True):
                found[place] = result
            continue
        elements = getattr(given, group.each.collection)
        by_element = []
        for element in elements:
            sight.turn_to(group, element)
            by_element.append(_at(policy, group, sight, _evidence(element)))
        for number, place in enumerate(group.rules):
            found[place] = _settled(policy.rules[place], [results[number] for results in by_element])
    return found


def _evidence(element: BaseModel) -> tuple[str, ...]:
    named: tuple[str, ...] = getattr(element, "evidence", ())
    return named


def _at(policy: Policy, group: Group, sight: Sight, evidence: tuple[str, ...]) -> list[_Result]:
    """The group's rules on what is in sight. The hot loop of every decision: what was said once is kept."""
    try:
        held = group.program.execute(sight.context)
    except Exception:  # noqa: BLE001 - some condition failed, whatever the engine raised: find out which
        return [_one_by_one(policy.rules[place], sight, evidence) for place in group.rules]
    words = sight.words
    results = []
    for steps, count in zip(group.steps, held, strict=True):
        step = steps[count]
        only = step.only
        seen = words[only] if only is not None else tuple([words[slot] for slot in step.slots])
        result = step.said.get(seen)
        if result is None:
            result = _said(step, seen, sight)
        if step.condition is None:
            result = _Result(result.trace, (_reason(step.rule, sight, evidence),))
        results.append(result)
    return results


def _said(step: Step, seen: Hashable, sight: Sight) -> _Result:
    """Kept while there is room: names and numbers that never come twice would only fill the memory."""
    facts = sight.facts(step.slots)
    if step.condition is None:
        result = _Result(RuleTrace(rule=step.rule.rule.id, matched=True, why=facts or "always so"))
    else:
        why = f"`{step.condition.text}` is not so ({facts})"
        result = _Result(RuleTrace(rule=step.rule.rule.id, matched=False, why=why))
    if len(step.said) < REMEMBERED:
        step.said[seen] = result
    return result


def _one_by_one(compiled: CompiledRule, sight: Sight, evidence: tuple[str, ...]) -> _Result:
    """One rule by itself, where a rule beside it or a condition of its own fails.

    As in CEL, a condition that is false settles it, whatever became of the others.
    """
    rule = compiled.rule.id
    failure: str | None = None
    for condition in compiled.conditions:
        try:
            holds = condition.program.execute(sight.context)
        except Exception as error:  # noqa: BLE001 - whatever the engine raises, the track is held and the trace says so
            failure = failure or f"`{condition.text}` failed: {type(error).__name__}"
            continue
        if holds is False:
            facts = sight.facts(condition.slots)
            return _Result(RuleTrace(rule=rule, matched=False, why=f"`{condition.text}` is not so ({facts})"))
        if holds is not True:
            failure = failure or f"`{condition.text}` is neither true nor false"
    if failure is not None:
        return _Result(RuleTrace(rule=rule, matched=False, why=failure), failed=True)
    why = sight.facts(compiled.slots) or "always so"
    trace = RuleTrace(rule=rule, matched=True, why=why)
    return _Result(trace, (_reason(compiled, sight, evidence),))


def _settled(compiled: CompiledRule, results: Sequence[_Result]) -> _Result:
    """What became of a rule over all elements of its list."""
    if len(results) == 1:
        return results[0]
    if not results:
        collection = compiled.each.collection if compiled.each is not None else ""
        return _Result(
            RuleTrace(rule=compiled.rule.id, matched=False, why=f"there are no {collection}"),
        )
    reasons = tuple(reason for result in results for reason in result.reasons)
    failures = [result.trace.why for result in results if result.failed]
    said = [result.trace.why for result in results if result.trace.matched == bool(reasons)]
    why = "; ".join(dict.fromkeys([*failures, *(said if reasons or not failures else ())]))
    trace = RuleTrace(rule=compiled.rule.id, matched=bool(reasons), why=why)
    return _Result(trace, reasons, failed=bool(failures))


def _reason(compiled: CompiledRule, sight: Sight, evidence: tuple[str, ...]) -> Reason:
    for subject, of_finding in sight.evidence:
        if subject in compiled.subjects:
            evidence += of_finding
    then = compiled.rule.then
    return Reason(
        code=then.reason,
        text=filled(compiled.text, sight.words) if len(compiled.text) > 1 else then.text,
        rule=compiled.rule.id,
        evidence=tuple(dict.fromkeys(evidence)),
    )


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
