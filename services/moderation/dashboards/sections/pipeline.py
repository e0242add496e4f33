"""Where tracks wait, what is tried again, what is given up."""

from services.moderation.dashboards.expressions import Added, Grown, Level, Quantile, Scaled
from services.moderation.dashboards.figures import Line, Plot, Section, Shape, Tile, Unit
from services.moderation.dashboards.sections import measures

PIPELINE = Section(
    "pipeline",
    "Pipeline",
    (
        Tile("up", "Processes up", "That answer when they are asked for their numbers.", measures.UP),
        Tile(
            "down",
            "Processes down",
            "That did not answer when they were asked last.",
            Added((Level("up", "count", where=measures.OURS), Scaled(-1, measures.UP))),
            limit=1,
        ),
        Tile(
            "lag",
            "Lag",
            "Messages not committed, over all services. It returns to 0 between bursts.",
            Level("trackgate_stream_lag"),
            limit=500,
        ),
        Tile(
            "dead",
            "Dead letters",
            "Each waits for a replay; trackgate dlq list tells them.",
            Grown("trackgate_stream_dead_letters_total"),
            limit=1,
        ),
        Tile(
            "late",
            "Decided later than 120 s",
            "Broken promises.",
            Added(
                (
                    Grown(f"{measures.WAITED}_count"),
                    Scaled(-1, Grown(f"{measures.WAITED}_bucket", where=(("le", ("120.0",)),))),
                )
            ),
            limit=1,
        ),
        Plot(
            "latency",
            "Upload to decision",
            "What a distributor waits for: the middle track, and nineteen of twenty.",
            (Line("p50", Quantile(0.5, measures.WAITED)), Line("p95", Quantile(0.95, measures.WAITED))),
            Unit.SECONDS,
            limit=measures.PROMISE,
        ),
        Plot(
            "lag-by-service",
            "Lag by service",
            "Growing while the intake is even: the service is slower than what comes in.",
            (Line("", Level("trackgate_stream_lag", by=("service",))),),
        ),
        Plot(
            "troubles",
            "Retries and dead letters",
            "Messages put off, and messages given up.",
            (
                Line("retries", Grown("trackgate_stream_messages_total", where=(("outcome", ("retry",)),))),
                Line("dead letters", Grown("trackgate_stream_dead_letters_total")),
            ),
            shape=Shape.STACK,
        ),
        Plot(
            "webhooks",
            "Webhooks",
            "Steps of deliveries to distributors. Failed far above delivered: their endpoints are away.",
            (Line("", Grown("trackgate_webhook_steps_total", ("step",))),),
            shape=Shape.STACK,
        ),
    ),
)
