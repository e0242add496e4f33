"""What policy measures of its own, once, with what it means when it moves.

Codes of reasons and labels come from the policy file, which a person writes: few, and bounded all the same.
"""

from datetime import datetime

from prometheus_client import Counter, Gauge, Histogram

from services.policy.inputs import AI_DETECTOR, VOICE_MATCHER, PolicyInput
from services.policy.vocabulary import Standing
from shared.events import DecisionMade, Outcome
from shared.metrics import PROBABILITIES, SECONDS, Bounded

MOST_DISTRIBUTORS = 50
MOST_CODES = 60
MOST_VERSIONS = 30
MINUTE, HOUR, DAY = 60, 3600, 86_400
REVIEW_AGES = (10, MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 4 * HOUR, 8 * HOUR, DAY, 2 * DAY, 7 * DAY)

DECISIONS = Counter(
    "trackgate_decisions_total",
    "Decisions by outcome and by who decided (policy or person). quarantine rising: read the reasons below.",
    ["outcome", "by"],
)
FIRST_DECISIONS = Counter(
    "trackgate_tracks_decided_total",
    "Tracks by the outcome of their first decision: each track once. Behind the uploads by what waits.",
    ["outcome"],
)
SUPERSEDED = Counter(
    "trackgate_decisions_superseded_total",
    "Decisions that replaced an earlier one, by both outcomes. publish to quarantine: a late finding caught "
    "what was already out.",
    ["before", "after"],
)
REASONS = Counter(
    "trackgate_decision_reasons_total",
    "Reasons of first decisions, by code. finding_missing or finding_error rising: a detector is down.",
    ["code"],
)
LABELS = Counter(
    "trackgate_decision_labels_total",
    "Labels that first decisions gave, by code and basis (declared, detected, both, licensed).",
    ["code", "basis"],
)
UPLOAD_TO_DECISION = Histogram(
    "trackgate_upload_to_decision_seconds",
    "From a track's receipt to its first decision. Tracks above 120 s break the promise to distributors.",
    buckets=SECONDS,
)
DECLARED_DETECTED = Counter(
    "trackgate_declared_detected_total",
    "First decisions by what was declared about AI and what the AI detector found. undeclared or none with "
    "likely_generated: undeclared AI; all with not_detected: a generator the detector does not know.",
    ["declared", "detected"],
)
REVIEWED = Counter(
    "trackgate_reviews_applied_total",
    "Persons' answers by the outcome before and after. quarantine to publish is an overturn: its share is "
    "what the policy costs the innocent.",
    ["before", "after"],
)
REVIEWED_REASONS = Counter(
    "trackgate_reviewed_reasons_total",
    "Persons' answers by the reasons of the decision they looked at. A reason that mostly ends in publish "
    "holds the wrong tracks.",
    ["code", "after"],
)
REVIEWED_PROBABILITY = Histogram(
    "trackgate_reviewed_probability",
    "The detector's probability for tracks that people answered, by what they made of them. publish at high "
    "probability: the detector is wrong where it is sure.",
    ["detector", "after"],
    buckets=PROBABILITIES,
)
REVIEW_SECONDS = Histogram(
    "trackgate_review_seconds",
    "From a decision that held a track to the person's answer taking effect. Rising: too few people, or "
    "cases that are too hard.",
    buckets=REVIEW_AGES,
)
BY_DISTRIBUTOR = Counter(
    "trackgate_distributor_tracks_total",
    "First decisions by distributor (the first 50, then `other`) and kind: all, generated, clone (a "
    "protected voice without consent), undeclared (generated, and nothing or none was declared).",
    ["distributor", "kind"],
)
BY_KIND = Counter(
    "trackgate_screened_tracks_total",
    "The same over all distributors, from 0 on: an increase of the one by distributor misses each "
    "distributor's first track. clone above 0: somebody was about to publish a protected voice.",
    ["kind"],
)
TOGETHER = Histogram(
    "trackgate_account_resemblance_probability",
    "What several resembling recordings of one account give together, a decision and artist each, at its "
    "first time. Mass moving over the policy's 0.2: accounts are held, look whether for one artist.",
    buckets=PROBABILITIES,
)
KINDS = ("all", "generated", "clone", "undeclared")
BY_VERSION = Counter(
    "trackgate_policy_decisions_total",
    "Decisions by version and outcome. One that nobody promoted: workers disagree about what is live.",
    ["version", "outcome"],
)
SHADOWED = Counter(
    "trackgate_policy_shadow_total",
    "What a shadow would have decided beside what was. Off the diagonal: what promoting would change.",
    ["version", "decided", "shadow"],
)
SHADOW_FAILED = Counter(
    "trackgate_policy_shadow_failures_total",
    "Shadow evaluations that failed. They change nothing; the version must not be promoted.",
    ["version"],
)
EXCESS = Gauge(
    "trackgate_policy_quarantine_excess",
    "Share of quarantines of an acting version minus that of the version before it on the same tracks. Near "
    "the brake's limit: the version is about to be stopped.",
    ["version"],
)
STOPPED = Counter(
    "trackgate_policy_stops_total",
    "Versions stopped because their quarantines ran away. Not 0: a person must look at that version.",
    ["version"],
)
_code = Bounded(MOST_CODES)
version_label = Bounded(MOST_VERSIONS)
"""Versions of policies follow one another without end; a process sees few, and these are told apart."""
_distributor = Bounded(MOST_DISTRIBUTORS)

for kind_of_track in KINDS:
    BY_KIND.labels(kind_of_track)
for outcome in Outcome:
    FIRST_DECISIONS.labels(outcome.value)
    DECISIONS.labels(outcome.value, "policy")
    DECISIONS.labels(outcome.value, "person")
    REVIEWED.labels(Outcome.QUARANTINE.value, outcome.value)
    REVIEWED_PROBABILITY.labels(AI_DETECTOR, outcome.value)


def _patterns(decision: DecisionMade, before: DecisionMade | None) -> None:
    """Counted when a track's decision first knows of the pattern, not at each look again."""
    known = {str(one["artist_id"]) for one in (before.policy_input if before else {}).get("patterns", ())}
    for pattern in decision.policy_input.get("patterns", ()):
        if pattern["artist_id"] not in known:
            TOGETHER.observe(pattern["probability"])


def decided(decision: DecisionMade, *, before: DecisionMade | None, received_at: datetime) -> None:
    """A decision is acknowledged; ``before`` is the one that it supersedes, if any."""
    after = decision.outcome.value
    DECISIONS.labels(after, "policy" if decision.automated else "person").inc()
    _patterns(decision, before)
    if before is None:
        _first(decision, received_at)
        return
    SUPERSEDED.labels(before.outcome.value, after).inc()
    if not decision.automated:
        REVIEWED.labels(before.outcome.value, after).inc()
        REVIEW_SECONDS.observe(max(0.0, (decision.occurred_at - before.occurred_at).total_seconds()))
        for code in {reason.code for reason in before.reasons}:
            REVIEWED_REASONS.labels(_code(code), after).inc()
        if before.policy_input:
            _answered(PolicyInput.model_validate(before.policy_input), after)


def _first(decision: DecisionMade, received_at: datetime) -> None:
    FIRST_DECISIONS.labels(decision.outcome.value).inc()
    UPLOAD_TO_DECISION.observe(max(0.0, (decision.occurred_at - received_at).total_seconds()))
    for code in {reason.code for reason in decision.reasons}:
        REASONS.labels(_code(code)).inc()
    for label in decision.labels:
        LABELS.labels(_code(label.code), label.basis).inc()
    if decision.policy_input:
        _weighed(PolicyInput.model_validate(decision.policy_input))


def _answered(given: PolicyInput, after: str) -> None:
    for detector in (AI_DETECTOR, VOICE_MATCHER):
        probability = given.finding(detector).probability
        if probability is not None:
            REVIEWED_PROBABILITY.labels(detector, after).observe(probability)


def _weighed(given: PolicyInput) -> None:
    detected = given.finding(AI_DETECTOR).verdict.value
    declared = given.declaration.ai_declared.value
    DECLARED_DETECTED.labels(declared, detected).inc()
    generated = detected == "likely_generated"
    is_kind = {
        "all": True,
        "generated": generated,
        "clone": any(
            match.verdict.value == "match" and match.standing is Standing.UNAUTHORISED
            for match in given.matches
        )
        and given.finding(VOICE_MATCHER).verdict.value == "match",
        "undeclared": generated and declared in {"none", "undeclared"},
    }
    distributor = _distributor(given.distributor.id)
    for kind in KINDS:
        BY_DISTRIBUTOR.labels(distributor, kind).inc(is_kind[kind])
        BY_KIND.labels(kind).inc(is_kind[kind])
