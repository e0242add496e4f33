"""What the notifier measures of its own, with what it means when it moves."""

from prometheus_client import Counter, Gauge, Histogram

from shared.events import DeliveryStep
from shared.metrics import SECONDS

STEPS = Counter(
    "trackgate_webhook_steps_total",
    "Steps of deliveries by what became of them. failed far above delivered: look at `trackgate webhooks "
    "list`; held: an endpoint was switched off, and its distributor does not know.",
    ["step"],
)
REQUESTS = Histogram(
    "trackgate_webhook_request_seconds",
    "Requests to endpoints, from resolving the name to the last byte. Near the limit: slow receivers.",
    buckets=SECONDS,
)
IN_FLIGHT = Gauge(
    "trackgate_webhook_in_flight",
    "Requests in flight to endpoints. At its limit for long: raise it, or look for slow receivers.",
)
REFUSED = Counter(
    "trackgate_webhook_refused_addresses_total",
    "Endpoints whose name led to an address that is not public. Not 0: somebody may be probing our network.",
)

for step in DeliveryStep:
    STEPS.labels(step.value)
