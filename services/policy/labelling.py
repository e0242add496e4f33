"""What people said about labels, laid over what the rules and a review made of them."""

from collections.abc import Sequence
from dataclasses import replace

from services.policy.facts import LabelStatementFacts
from services.policy.policy_file import LabelFile
from services.policy.verdict import Evaluation
from shared.events import Label, LabelAction, Outcome, Reason, RuleTrace

LABEL_ADDED = "label_added"
LABEL_NEGATED = "label_negated"
_RELEASED = frozenset({Outcome.PUBLISH, Outcome.LABEL})


def apply_labels(
    found: Evaluation, statements: Sequence[LabelStatementFacts], labels: LabelFile
) -> Evaluation:
    """Labels added, and taken away, by people; a released track is ``label`` exactly when labels are left.

    A statement releases nothing and holds nothing: quarantine and rejection stay what they are. One about a
    label that the policy does not know changes nothing and says so in the trace.
    """
    for statement in statements:
        found = _apply(found, statement, labels)
    return found


def _apply(found: Evaluation, statement: LabelStatementFacts, labels: LabelFile) -> Evaluation:
    text = labels.text(statement.code)
    rule = f"label:{statement.code}"
    if text is None:
        why = f"the policy knows no label {statement.code}"
        return replace(found, trace=(*found.trace, RuleTrace(rule=rule, matched=False, why=why)))
    others = tuple(label for label in found.labels if label.code != statement.code)
    adds = statement.action is LabelAction.ADD
    if adds:
        own = Label(
            code=statement.code,
            text=text,
            basis="review",
            expires_at=statement.expires_at,
            evidence=(statement.event_id,),
        )
        kept: tuple[Label, ...] = (*others, own)
        said = f"A moderator added the label “{text}”."
    else:
        kept = others
        said = f"A moderator took away the label “{text}”."
    until = f" until {statement.expires_at:%Y-%m-%d %H:%M %Z}" if statement.expires_at else ""
    outcome = found.outcome
    if outcome in _RELEASED:
        outcome = Outcome.LABEL if kept else Outcome.PUBLISH
    reason = Reason(
        code=LABEL_ADDED if adds else LABEL_NEGATED, text=said, rule=rule, evidence=(statement.event_id,)
    )
    trace = RuleTrace(rule=rule, matched=True, why=f"statement {statement.event_id}{until}")
    return replace(
        found,
        outcome=outcome,
        labels=kept,
        reasons=(*found.reasons, reason),
        trace=(*found.trace, trace),
    )
