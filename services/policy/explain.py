"""A track's decisions in words: what was decided, why, and what every rule made of it."""

from collections.abc import Iterator

from services.policy.facts import ArtistFacts
from services.policy.industry import IndustryWords, in_industry_words
from services.policy.inputs import PolicyInput
from services.policy.policy_file import LabelFile
from services.policy.vocabulary import ManifestState
from shared.events import DecisionMade
from shared.views.tracks import TrackView


def explained(view: TrackView, *, every_rule: bool = False, labels: LabelFile | None = None) -> str:
    """The text for a person. ``every_rule`` also lists the rules that did not match, with the reason."""
    return "\n".join(_lines(view, every_rule=every_rule, labels=labels))


def _lines(view: TrackView, *, every_rule: bool, labels: LabelFile | None) -> Iterator[str]:
    if view.upload is not None:
        declared = view.upload.declaration
        yield f"{view.upload.track_id}  “{declared.title}” by {declared.display_artist}"
        yield f"delivered by {view.upload.distributor_id} at {view.upload.received_at:%Y-%m-%d %H:%M:%S %Z}"
    if not view.decisions:
        answered = ", ".join(finding.detector for finding in view.findings) or "no detector"
        yield f"not decided yet; answered: {answered}"
        return
    for decision in reversed(view.decisions):
        yield ""
        yield from _decision(decision, every_rule=every_rule, labels=labels)
    for said in view.labels:
        until = f" until {said.expires_at:%Y-%m-%d}" if said.expires_at is not None else ""
        yield ""
        what = f"{said.action.value} {said.code}{until}"
        yield f"{said.by} at {said.occurred_at:%Y-%m-%d}: {what}, {said.reason}"
    applied = {_review_id(decision) for decision in view.decisions}
    for review in view.reviews:
        if review.event_id not in applied:
            yield ""
            yield (
                f"A review by {review.reviewer_id} ({review.outcome.value}) was not applied: "
                f"decision {review.decision_id} no longer stood."
            )


def _decision(decision: DecisionMade, *, every_rule: bool, labels: LabelFile | None) -> Iterator[str]:
    who = "automatically" if decision.automated else f"by {decision.decided_by}"
    yield f"Decision {decision.sequence}: {decision.outcome.value.upper()}, {who}"
    yield f"  at {decision.occurred_at:%Y-%m-%d %H:%M:%S %Z} under policy {decision.policy_version}"
    yield f"  id {decision.event_id}" + (f", supersedes {decision.supersedes}" if decision.supersedes else "")
    for reason in decision.reasons:
        yield f"  because: {reason.text}  [{reason.code}]"
    for label in decision.labels:
        yield f"  label: {label.text}  [{label.code}, {label.basis}]"
        if label.expires_at is not None:
            yield f"    until {label.expires_at:%Y-%m-%d %H:%M:%S %Z}"
    if decision.statement is not None:
        visibility = ", ".join(decision.statement["decision_visibility"])
        yield f"  statement of reasons: {visibility}, {decision.statement['category']}"
    if decision.priority:
        yield f"  review priority: {decision.priority} of 100"
    if decision.policy_input:
        given = PolicyInput.model_validate(decision.policy_input)
        yield from _input(given)
        if labels is not None and decision.labels:
            yield from _industry(in_industry_words(decision.labels, given.declaration, labels))
    yield "  rules:"
    for trace in decision.trace:
        if trace.matched or every_rule:
            yield f"    {'✓' if trace.matched else '·'} {trace.rule}: {trace.why}"


def _industry(words: IndustryWords) -> Iterator[str]:
    yield f"  for stores: ContainsAI {words.contains_ai or 'not stated'}"
    if words.apple_tags:
        yield f"    Apple transparency tags: {', '.join(words.apple_tags)}"
    for credit in words.role_credits:
        shown = f", shown as {credit.platform_role}" if credit.platform_role else ""
        yield f"    AI credit: {credit.role} {credit.ai_contribution}{shown}"


def _input(given: PolicyInput) -> Iterator[str]:
    yield "  what was known:"
    yield f"    declared AI use: {given.declaration.ai_declared.value}"
    for finding in given.findings:
        probability = f", probability {finding.probability:.2f}" if finding.probability is not None else ""
        model = f" ({finding.model_version})" if finding.model_version else ""
        reason = f", {finding.reason}" if finding.reason else ""
        yield f"    {finding.detector}{model}: {finding.verdict.value}{probability}{reason}"
    for match in given.matches:
        yield f"    voice of {match.name}: {match.verdict.value}, {_standing(match)}"
    for pattern in given.patterns:
        yield (
            f"    this account in {pattern.days} days: {pattern.resembling} of {pattern.recordings} "
            f"recordings resemble {pattern.name}, together {pattern.probability:.2f}; {_standing(pattern)}"
        )
    if given.provenance.state is not ManifestState.NONE:
        declares = "declares" if given.provenance.declares_generated else "does not declare"
        yield f"    manifest in the file: {given.provenance.state.value}, {declares} generated content"
    for claim in given.claims:
        yield f"    names {claim.name} ({claim.where}): {_standing(claim)}"


def _standing(artist: ArtistFacts) -> str:
    standing = artist.standing.value.replace("_", " ")
    grants = ", ".join(f"{grant.grant_id} {grant.state.value.replace('_', ' ')}" for grant in artist.grants)
    return f"{standing}; grants considered: {grants}" if grants else f"{standing}; no grants"


def _review_id(decision: DecisionMade) -> str | None:
    review = decision.policy_input.get("review")
    return review.get("event_id") if isinstance(review, dict) else None
