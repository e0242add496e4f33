"""What moderation measures of its own, once, with what it means when it moves.

What people answered is measured by policy, which applies it: a review counts once, whichever process took it.
"""

from prometheus_client import Gauge

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
STATES = ("open", "free", "pending", "unsent")
