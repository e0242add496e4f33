"""Every metric of the shared machinery, once, with what it means when it moves.

No label holds a track, an artist or a distributor: labels are services, topics and outcomes, all few.
"""

from prometheus_client import Counter, Gauge, Histogram

SECONDS = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 30, 45, 60, 90, 120)

MESSAGES = Counter(
    "trackgate_stream_messages_total",
    "Messages that left a handler. Retry or dead_letter rising: a dependency is failing or a contract broke.",
    ["service", "topic", "outcome"],
)
HANDLING = Histogram(
    "trackgate_stream_handling_seconds",
    "Taking a message in hand until its output is acknowledged. Its tail is what the distributor waits for.",
    ["service", "topic"],
    buckets=SECONDS,
)
IN_HAND = Gauge(
    "trackgate_stream_in_hand",
    "Messages being handled. At the number of partitions for long: more workers are needed.",
    ["service"],
)
BRAKE = Gauge(
    "trackgate_stream_brake",
    "1 when dead letters ran away and this consumer stopped: look at the dead letters, fix, restart.",
    ["service"],
)
OUTAGES = Counter(
    "trackgate_stream_outages_total",
    "Waits because something shared did not answer (broker, store, Redis). Nothing is lost meanwhile.",
    ["service", "topic"],
)
LAG = Gauge(
    "trackgate_stream_lag",
    "Messages on a partition that this service has not committed. Growing: it is slower than the intake.",
    ["service", "topic", "partition"],
)
LATE_RETRY = Histogram(
    "trackgate_stream_retry_lateness_seconds",
    "How long after its due time a retry was taken up. Rising: the retry consumer is starved.",
    ["service"],
    buckets=SECONDS,
)
