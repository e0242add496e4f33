"""What moderation measures of its own, once, with what it means when it moves."""

from prometheus_client import Counter, Gauge, Histogram

from services.moderation.domain.cases import REVIEW_OUTCOMES, Case, Resolution
from shared.metrics import Bounded

MINUTE, HOUR, DAY = 60, 3600, 86_400
AGES = (MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR, 16 * HOUR, DAY, 2 * DAY, 7 * DAY)
MOST_REASONS = 60

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
    "Open cases older than TRACKGATE_MODERATION_DUE_HOURS: the promise to distributors is broken.",
)
REVIEWS = Counter(
    "trackgate_moderation_reviews_total",
    "Answers that the broker has, by reason of the decision and outcome: the precision of each reason. One "
    "that mostly ends in publish holds the wrong tracks.",
    ["reason", "outcome"],
)
ANSWERS = Counter(
    "trackgate_moderation_answers_total",
    "Answers that the broker has, by outcome. publish over all: how often the quarantine was overturned.",
    ["outcome"],
)
TIME_TO_ANSWER = Histogram(
    "trackgate_moderation_answer_seconds",
    "From the decision that opened a case to the person's answer.",
    buckets=AGES,
)
STATES = ("open", "free", "pending", "unsent")
_reason = Bounded(MOST_REASONS)

for outcome in REVIEW_OUTCOMES:
    ANSWERS.labels(outcome.value)


def answered(case: Case, resolution: Resolution) -> None:
    ANSWERS.labels(resolution.outcome.value).inc()
    for code in {reason.code for reason in case.summary.reasons}:
        REVIEWS.labels(_reason(code), resolution.outcome.value).inc()
    waited = (resolution.resolved_at - case.summary.opened_at).total_seconds()
    TIME_TO_ANSWER.observe(max(0.0, waited))
