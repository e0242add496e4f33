"""What a person's answer makes of the automatic result."""

from dataclasses import replace

from services.policy.facts import ReviewFacts
from services.policy.policy_file import LabelFile
from services.policy.verdict import SEVERITY, Evaluation
from shared.events import Label, Outcome, Reason, RuleTrace

REVIEWED = "reviewed"
NOT_APPLICABLE = "review_not_applicable"
_RULE = "review"
_SENTENCES = {
    Outcome.PUBLISH: "A moderator looked at this track and published it.",
    Outcome.LABEL: "A moderator looked at this track and published it with labels.",
    Outcome.QUARANTINE: "A moderator looked at this track and keeps it held.",
    Outcome.REJECT: "A moderator looked at this track and rejected it.",
}


def apply_review(
    automatic: Evaluation,
    review: ReviewFacts,
    labels: LabelFile,
    *,
    final_rule: str | None,
    needs_two: bool = False,
) -> Evaluation:
    """The person's outcome with the reason ``reviewed``; the rules' trace stays.

    A review that names no labels keeps those of the rules. Three reviews cannot be applied and leave the
    track held, saying so: one that would release what a final rule holds, one by a single person that would
    release a track in which a protected voice was recognised (``needs_two``), and one whose labels the
    policy does not know.
    """
    releases = SEVERITY[review.outcome] < SEVERITY[Outcome.QUARANTINE]
    if final_rule is not None and releases:
        return _not_applicable(automatic, review, f"the rule {final_rule} is final")
    if needs_two and releases and review.two_people is False:
        why = "a protected voice was recognised and no second person confirmed it"
        return _not_applicable(automatic, review, why)
    unknown = [code for code in review.label_codes if labels.text(code) is None]
    if unknown:
        return _not_applicable(automatic, review, f"the policy knows no label {', '.join(unknown)}")
    chosen = _labels(automatic, review, labels)
    if review.outcome is Outcome.LABEL and not chosen:
        return _not_applicable(automatic, review, "it names no label")
    reason = Reason(code=REVIEWED, text=_SENTENCES[review.outcome], rule=_RULE, evidence=(review.event_id,))
    return replace(
        automatic,
        outcome=review.outcome,
        reasons=(reason,),
        labels=chosen,
        trace=(*automatic.trace, RuleTrace(rule=_RULE, matched=True, why=f"review {review.event_id}")),
        priority=automatic.priority if review.outcome is Outcome.QUARANTINE else 0,
        held_by=(reason,) if not releases else (),
    )


def _labels(automatic: Evaluation, review: ReviewFacts, labels: LabelFile) -> tuple[Label, ...]:
    if review.outcome is not Outcome.LABEL:
        return ()
    if not review.label_codes:
        return automatic.labels
    return tuple(
        Label(code=code, text=labels.text(code) or code, basis="review")
        for code in dict.fromkeys(review.label_codes)
    )


def _not_applicable(automatic: Evaluation, review: ReviewFacts, why: str) -> Evaluation:
    reason = Reason(
        code=NOT_APPLICABLE,
        text=f"A moderator's review could not be applied, because {why}.",
        rule=_RULE,
        evidence=(review.event_id,),
    )
    return replace(
        automatic,
        outcome=Outcome.QUARANTINE,
        reasons=(reason, *automatic.reasons),
        trace=(*automatic.trace, RuleTrace(rule=_RULE, matched=False, why=why)),
        held_by=(reason, *automatic.held_by),
    )
