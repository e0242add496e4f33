"""What comes in, what is decided, how much of it is generated."""

from deploy.grafana.panels import Dashboard, Limit, Panel, Query, one

_GENERATED = 'trackgate_findings_total{detector="ai_detector",verdict="likely_generated"}'
_SCREENED = 'trackgate_findings_total{detector="ai_detector"}'

OVERVIEW = Dashboard(
    name="overview",
    title="overview",
    about="How many tracks a day, how many are generated, how sure, how fast, at what cost.",
    span="now-24h",
    panels=(
        one(
            "Tracks accepted, 24 h",
            "New tracks that were kept. Repeats and refusals are not in it.",
            "sum(increase(trackgate_uploads_declared_total[24h]))",
        ),
        one(
            "Tracks decided, 24 h",
            "First decisions. Much below the accepted: tracks wait; see the pipeline.",
            "sum(increase(trackgate_tracks_decided_total[24h]))",
        ),
        one(
            "Likely generated, 24 h",
            "Share of the screened tracks that the AI detector calls likely generated.",
            f"sum(increase({_GENERATED}[24h])) / sum(increase({_SCREENED}[24h]))",
            unit="percentunit",
        ),
        one(
            "Upload to decision, p95",
            "Nineteen of twenty tracks are decided within this. The promise is 120 s.",
            "histogram_quantile(0.95,"
            " sum by (le) (rate(trackgate_upload_to_decision_seconds_bucket[$__rate_interval])))",
            unit="s",
            limits=(Limit(60, "orange"), Limit(120, "red")),
        ),
        one(
            "CPU for 3 minutes of audio",
            "Both detectors, decoding included; ingest's own check is not in it.",
            "180 * sum(increase(trackgate_finding_cpu_seconds_total[1h]))"
            ' / sum(increase(trackgate_finding_audio_seconds_total{detector="ai_detector"}[1h]))',
            unit="s",
            limits=(Limit(1.5, "orange"),),
        ),
        Panel(
            "Processes up",
            "That Prometheus reaches, and that it was told of. Fewer up than told of: one is down.",
            (
                Query('sum(up{job=~"trackgate.*"})', "up"),
                Query('count(up{job=~"trackgate.*"})', "told of"),
            ),
            kind="stat",
        ),
        one(
            "Coming in",
            "Deliveries a minute by outcome. Refusals rising for everybody at once point at us.",
            "60 * sum by (outcome) (rate(trackgate_ingest_deliveries_total[$__rate_interval])) > 0",
            kind="timeseries",
            legend="{{outcome}}",
            stacked=True,
        ),
        one(
            "Decided",
            "First decisions a minute by outcome.",
            "60 * sum by (outcome) (rate(trackgate_tracks_decided_total[$__rate_interval]))",
            kind="timeseries",
            legend="{{outcome}}",
            stacked=True,
        ),
        Panel(
            "Generated music over time",
            "Share of screened tracks found likely generated, and share declared as generated at all. "
            "The gap between them is what nobody declared.",
            (
                Query(f"sum(rate({_GENERATED}[1h])) / sum(rate({_SCREENED}[1h]))", "found likely generated"),
                Query(
                    'sum(rate(trackgate_uploads_declared_total{ai_use=~"partly|all"}[1h]))'
                    " / sum(rate(trackgate_uploads_declared_total[1h]))",
                    "declared partly or all",
                ),
            ),
            unit="percentunit",
        ),
        one(
            "Clones over time",
            "Tracks an hour with a protected voice and no consent.",
            'sum(increase(trackgate_screened_tracks_total{kind="clone"}[1h]))',
            kind="timeseries",
            legend="clones",
            stacked=True,
        ),
        Panel(
            "CPU seconds for a track",
            "What all services and their processes used over the tracks decided, idle time included, and the "
            "detectors alone. Times the price of a core: what a track costs.",
            (
                Query(
                    '(sum(increase(process_cpu_seconds_total{job=~"trackgate.*"}[1h]))'
                    " + sum(increase(trackgate_finding_cpu_seconds_total[1h]))"
                    " + sum(increase(trackgate_ingest_decoding_cpu_seconds_total[1h])))"
                    " / sum(increase(trackgate_tracks_decided_total[1h]))",
                    "all services",
                ),
                Query(
                    "sum(increase(trackgate_finding_cpu_seconds_total[1h]))"
                    " / sum(increase(trackgate_tracks_decided_total[1h]))",
                    "detectors",
                ),
            ),
            unit="s",
        ),
        one(
            "Labels",
            "Labels that first decisions gave, an hour.",
            "sum by (code) (increase(trackgate_decision_labels_total[1h]))",
            kind="timeseries",
            legend="{{code}}",
            stacked=True,
        ),
        one(
            "Declared against detected",
            "First decisions by declaration and AI finding. `none` or `undeclared` with likely_generated is "
            "undeclared AI.",
            "sum by (declared, detected) (increase(trackgate_declared_detected_total[$__range]))",
            kind="table",
        ),
        one(
            "Why",
            "Reasons of first decisions, most frequent first.",
            "topk(15, sum by (code) (increase(trackgate_decision_reasons_total[$__range])))",
            kind="bargauge",
            legend="{{code}}",
        ),
        one(
            "Upload to decision",
            "How long tracks took, as a distribution. A second band above the first: retries.",
            "sum by (le) (increase(trackgate_upload_to_decision_seconds_bucket[$__rate_interval]))",
            kind="heatmap",
            unit="s",
            legend="{{le}}",
        ),
    ),
)
