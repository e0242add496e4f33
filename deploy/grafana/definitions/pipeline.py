"""Where tracks wait, what is tried again, what is given up."""

from deploy.grafana.panels import Dashboard, Limit, Panel, Query, one

_QUANTILES = (("0.5", "p50"), ("0.95", "p95"), ("0.99", "p99"))

PIPELINE = Dashboard(
    name="pipeline",
    title="pipeline",
    about="Lag, latency by stage, retries, dead letters, rebalances.",
    panels=(
        one(
            "Lag",
            "Messages that are not committed, over all services. It should return to 0 between bursts.",
            "sum(trackgate_stream_lag)",
            limits=(Limit(500, "orange"), Limit(5000, "red")),
        ),
        one(
            "Dead letters, 24 h",
            "Each is a track that waits for a replay: `trackgate dlq list`.",
            "sum(increase(trackgate_stream_dead_letters_total[24h]))",
            limits=(Limit(1, "red"),),
        ),
        one(
            "Retries, 1 h",
            "Messages that were put off by a minute or ten.",
            'sum(increase(trackgate_stream_messages_total{outcome="retry"}[1h]))',
            limits=(Limit(10, "orange"),),
        ),
        one(
            "Brakes on",
            "Consumers that stopped because dead letters ran away. They wait for a person.",
            "sum(trackgate_stream_brake)",
            limits=(Limit(1, "red"),),
        ),
        one(
            "Accepted and not decided",
            "Tracks in flight since the processes started. A level that stays: tracks are stuck.",
            "sum(trackgate_uploads_total) - sum(trackgate_tracks_decided_total)",
            limits=(Limit(500, "orange"),),
        ),
        one(
            "Decided later than 120 s, 24 h",
            "Broken promises.",
            "sum(increase(trackgate_upload_to_decision_seconds_count[24h]))"
            ' - sum(increase(trackgate_upload_to_decision_seconds_bucket{le="120.0"}[24h]))',
            limits=(Limit(1, "red"),),
        ),
        Panel(
            "Upload to decision",
            "What a distributor waits for.",
            tuple(
                Query(
                    f"histogram_quantile({quantile}, sum by (le)"
                    " (rate(trackgate_upload_to_decision_seconds_bucket[$__rate_interval])))",
                    name,
                )
                for quantile, name in _QUANTILES
            ),
            unit="s",
            limits=(Limit(120, "red"),),
        ),
        one(
            "Stages, p95",
            "From an event happening until each service is done with it: waiting and work.",
            "histogram_quantile(0.95, sum by (service, topic, le)"
            " (rate(trackgate_stage_seconds_bucket[$__rate_interval])))",
            kind="timeseries",
            unit="s",
            legend="{{service}} on {{topic}}",
        ),
        one(
            "Work alone, p95",
            "The same without waiting. Stages far above it: too few workers, not slow ones.",
            "histogram_quantile(0.95, sum by (service, topic, le)"
            " (rate(trackgate_stream_handling_seconds_bucket[$__rate_interval])))",
            kind="timeseries",
            unit="s",
            legend="{{service}} on {{topic}}",
        ),
        one(
            "Decoding at the door, p95",
            "Waiting for a slot and decoding, inside the request of the distributor.",
            "histogram_quantile(0.95, sum by (le)"
            " (rate(trackgate_ingest_inspecting_seconds_bucket[$__rate_interval])))",
            kind="timeseries",
            unit="s",
            legend="p95",
        ),
        one(
            "Lag by service",
            "Growing while the intake is even: this service is slower than what comes in.",
            "sum by (service, topic) (trackgate_stream_lag)",
            kind="timeseries",
            legend="{{service}} on {{topic}}",
            stacked=True,
        ),
        one(
            "Messages by outcome",
            "A minute. Anything but `done` is worth a look.",
            "60 * sum by (service, outcome) (rate(trackgate_stream_messages_total[$__rate_interval]))",
            kind="timeseries",
            legend="{{service}} {{outcome}}",
        ),
        one(
            "In hand",
            "Messages being handled. At the number of partitions for long: saturated.",
            "sum by (service) (trackgate_stream_in_hand)",
            kind="timeseries",
            legend="{{service}}",
        ),
        Panel(
            "Outages and rebalances",
            "Waits for something shared that does not answer, and partitions dealt anew.",
            (
                Query(
                    "sum by (service) (increase(trackgate_stream_outages_total[$__rate_interval]))",
                    "{{service}} waits",
                ),
                Query(
                    "sum by (service) (increase(trackgate_stream_rebalances_total[$__rate_interval]))",
                    "{{service}} rebalances",
                ),
            ),
        ),
        one(
            "Events acknowledged",
            "A minute by topic: what services, the registry and the portal among them, put on record.",
            "60 * sum by (topic) (rate(trackgate_published_total[$__rate_interval]))",
            kind="timeseries",
            legend="{{topic}}",
        ),
        one(
            "Webhooks",
            "Steps of deliveries to distributors, a minute. Failed far above delivered: endpoints are away.",
            "60 * sum by (step) (rate(trackgate_webhook_steps_total[$__rate_interval]))",
            kind="timeseries",
            legend="{{step}}",
        ),
        one(
            "Dead letters by why",
            "contract: a producer broke it. retries_exhausted: a dependency stayed away.",
            "sum by (service, topic, why) (increase(trackgate_stream_dead_letters_total[$__range]))",
            kind="table",
        ),
        one(
            "Memory of each process",
            "Resident bytes of the parents; the pools' processes are not in it.",
            'sum by (instance) (process_resident_memory_bytes{job=~"trackgate.*"})',
            kind="timeseries",
            unit="bytes",
            legend="{{instance}}",
        ),
    ),
)
