"""What the detectors measure, whether their scores drift, what they cost."""

from deploy.grafana.panels import Dashboard, Limit, Panel, Query, one

_AI = 'detector="ai_detector"'
_SHARE_BELOW = (
    'sum by (le) (increase(trackgate_finding_score_bucket{detector="ai_detector",le!="+Inf"}[$__range]))'
    ' / scalar(sum(increase(trackgate_finding_score_count{detector="ai_detector"}[$__range])))'
)
_CALIBRATION_BELOW = 'max by (le) (trackgate_detector_calibration_share{detector="ai_detector"})'


def _bars(title: str, about: str, metric: str, detector: str) -> Panel:
    return one(
        title,
        about,
        f'sum by (le) (increase({metric}_bucket{{detector="{detector}"}}[$__range]))',
        kind="bargauge",
        legend="{{le}}",
    )


DETECTORS = Dashboard(
    name="detectors",
    title="detectors",
    about="Verdicts, scores against the calibration set, speed.",
    span="now-24h",
    panels=(
        one(
            "Unmeasured",
            "Share of findings without a measurement. Those tracks go to people.",
            'sum(increase(trackgate_findings_total{verdict=~"error|not_measured"}[$__range]))'
            " / sum(increase(trackgate_findings_total[$__range]))",
            unit="percentunit",
            limits=(Limit(0.05, "orange"), Limit(0.2, "red")),
        ),
        one(
            "Drift from calibration",
            "Largest distance between the live scores and those of the human music that the AI detector was "
            "calibrated on (Kolmogorov-Smirnov). It holds the share of generated music too: watch it move.",
            f"max(abs({_SHARE_BELOW} - {_CALIBRATION_BELOW}))",
            unit="percentunit",
            limits=(Limit(0.3, "orange"), Limit(0.5, "red")),
        ),
        one(
            "Times real time, a core",
            "Seconds of audio that one core screens in a second, both detectors together.",
            'sum(increase(trackgate_finding_audio_seconds_total{detector="ai_detector"}[$__range]))'
            " / sum(increase(trackgate_finding_cpu_seconds_total[$__range]))",
            limits=(),
        ),
        one(
            "Pool processes that died",
            "A crash, a kill for memory, or an attack. Each file is tried once more by itself.",
            "sum(increase(trackgate_pool_deaths_total[$__range]))",
            limits=(Limit(1, "red"),),
        ),
        one(
            "Decoder crashes",
            "Sandboxed decoders that were brought down at the door. Look at who delivered what.",
            'sum(increase(trackgate_ingest_decoded_total{outcome="crashed"}[$__range]))',
            limits=(Limit(1, "red"),),
        ),
        one(
            "Files in the pools",
            "Given to a process pool and not answered.",
            "sum(trackgate_pool_busy)",
        ),
        one(
            "Findings of all detectors",
            "A minute. A detector that stands still while the others go on is down.",
            "60 * sum by (detector) (rate(trackgate_findings_total[$__rate_interval]))",
            kind="timeseries",
            legend="{{detector}}",
        ),
        one(
            "Verdicts of the AI detector",
            "Findings a minute.",
            f"60 * sum by (verdict) (rate(trackgate_findings_total{{{_AI}}}[$__rate_interval])) > 0",
            kind="timeseries",
            legend="{{verdict}}",
            stacked=True,
        ),
        one(
            "Verdicts of the voice matcher",
            "Findings a minute.",
            "60 * sum by (verdict)"
            ' (rate(trackgate_findings_total{detector="voice_matcher"}[$__rate_interval])) > 0',
            kind="timeseries",
            legend="{{verdict}}",
            stacked=True,
        ),
        _bars(
            "Scores of the AI detector",
            "How many tracks scored up to each edge, on the detector's own scale.",
            "trackgate_finding_score",
            "ai_detector",
        ),
        _bars(
            "Scores of the voice matcher",
            "The best artist's score of each track, match or not.",
            "trackgate_finding_score",
            "voice_matcher",
        ),
        Panel(
            "Live scores against the calibration set",
            "Share of tracks that score at most each edge: live, and the human calibration set. Live below "
            "calibration: the intake scores higher, as generated music does.",
            (
                Query(_SHARE_BELOW, "live, up to {{le}}"),
                Query(_CALIBRATION_BELOW, "calibration, up to {{le}}"),
            ),
            kind="bargauge",
            unit="percentunit",
        ),
        _bars(
            "Calibrated probabilities of the AI detector",
            "A pile in the middle: the detector is unsure of what is delivered now.",
            "trackgate_finding_probability",
            "ai_detector",
        ),
        Panel(
            "What people said of how sure we were",
            "Held tracks that people answered, by the AI detector's probability: all, and those that they "
            "published. Overturns at high probability: the detector is wrong where it is sure.",
            (
                Query(
                    "sum by (le) (increase("
                    'trackgate_reviewed_probability_bucket{detector="ai_detector"}[$__range]))',
                    "answered, up to {{le}}",
                ),
                Query(
                    "sum by (le) (increase("
                    'trackgate_reviewed_probability_bucket{detector="ai_detector",after="publish"}[$__range]))',
                    "overturned, up to {{le}}",
                ),
            ),
            kind="bargauge",
        ),
        one(
            "Thresholds",
            "Score from which each detector's verdict is positive. Only a new model or a setting moves it.",
            "max by (detector) (trackgate_detector_threshold)",
            kind="timeseries",
            legend="{{detector}}",
            unit="none",
        ),
        one(
            "Median score, by hour",
            "A step on a day without a new model: the intake changed, or decoding did.",
            "histogram_quantile(0.5, sum by (detector, le) (rate(trackgate_finding_score_bucket[1h])))",
            kind="timeseries",
            legend="{{detector}}",
            unit="none",
        ),
        one(
            "Real-time factor, p95",
            "CPU seconds over seconds of audio. 0.005 is 200 times real time.",
            "histogram_quantile(0.95, sum by (detector, le)"
            " (rate(trackgate_finding_real_time_factor_bucket[$__rate_interval])))",
            kind="timeseries",
            legend="{{detector}}",
            unit="none",
        ),
        one(
            "Pools: files in hand over processes",
            "Above 1 for long: files wait for a core; add processes or workers.",
            "sum by (service) (trackgate_pool_busy) / sum by (service) (trackgate_pool_processes)",
            kind="timeseries",
            legend="{{service}}",
            limits=(Limit(1, "orange"),),
        ),
        one(
            "Why nothing was measured",
            "undecodable and crashed want a look at the files; too_short and silent at the distributor.",
            "sum by (detector, why) (increase(trackgate_findings_unmeasured_total[$__range]))",
            kind="table",
        ),
    ),
)
