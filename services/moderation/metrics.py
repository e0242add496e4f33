"""What moderation measures of its own, once, with what it means when it moves.

What people answered is measured by policy, which applies it: a review counts once, whichever process took it.
"""

from prometheus_client import Counter, Gauge

from shared.events import AppealDecided
from shared.metrics import Bounded

MOST_DISTRIBUTORS = 50
MOST_CODES = 60

QUEUE = Gauge(
    "trackgate_moderation_cases",
    "Cases by state: open (wait for a person, claimed or not), free (nobody has claimed them), pending "
    "(answered, policy's decision awaited), unsent (answered, the broker has not acknowledged it). open "
    "growing: more is held than people answer. unsent above 0 for minutes: the broker is away.",
    ["state"],
)
OLDEST = Gauge(
    "trackgate_moderation_oldest_case_seconds",
    "Age of the open case that waits longest; 0 with none. Artists wait this long for a person.",
)
OVERDUE = Gauge(
    "trackgate_moderation_overdue_cases",
    "Open cases whose due time (TRACKGATE_MODERATION_DUE_PROMISES, TRACKGATE_MODERATION_DUE_HOURS) has "
    "passed: the promise to distributors is broken.",
)
STATES = ("open", "free", "pending", "unsent")
BREACHES = Gauge(
    "trackgate_moderation_breaches",
    "How often a due time has passed without an answer, since the queue was last rebuilt. Rising: "
    "fewer people than cases.",
)
APPEALS = Counter(
    "trackgate_moderation_appeals_total",
    "Appeals that ended, by outcome (upheld, overturned, lapsed) and distributor (the first 50, then "
    "`other`). One distributor far above the others: its tracks are misjudged, or it appeals everything.",
    ["outcome", "distributor"],
)
APPEALS_BY_REASON = Counter(
    "trackgate_moderation_appeals_by_reason_total",
    "Appeals that people answered, by reason of the contested decision and outcome. overturned over all: the "
    "share of contested decisions that this reason got wrong.",
    ["reason", "outcome"],
)
APPEALS_BY_DETECTOR = Counter(
    "trackgate_moderation_appeals_by_detector_total",
    "Appeals that people answered, by detector whose finding was positive and outcome. overturned over all: "
    "the share of contested decisions that this detector got wrong.",
    ["detector", "outcome"],
)
BULK = Counter(
    "trackgate_moderation_bulk_cases_total",
    "Cases of bulk actions by what became of them: answered, left (claimed, decided or changed meanwhile), "
    "undone. undone rising: bulk actions are started in error.",
    ["outcome"],
)
_distributor = Bounded(MOST_DISTRIBUTORS)
_code = Bounded(MOST_CODES)

for became in ("answered", "left", "undone"):
    BULK.labels(became)


def appeal_decided(outcome: AppealDecided) -> None:
    said = outcome.outcome.value
    APPEALS.labels(said, _distributor(outcome.distributor_id or "unknown")).inc()
    for reason in outcome.reasons:
        APPEALS_BY_REASON.labels(_code(reason), said).inc()
    for detector in outcome.detectors:
        APPEALS_BY_DETECTOR.labels(detector, said).inc()
