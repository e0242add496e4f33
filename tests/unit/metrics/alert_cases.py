"""For each alert, numbers on which it must fire and numbers so near to them on which it must not.

Series are in promtool's notation: ``0+5x20`` starts at 0 and grows by 5, twenty times, a step apart.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """``at`` is when the alert is looked at, ``step`` the time between samples and between evaluations."""

    fires: dict[str, str]
    quiet: dict[str, str]
    at: str = "40m"
    step: str = "1m"


_DECIDED = "trackgate_upload_to_decision_seconds"
_SCORES = "trackgate_finding_score"


def _decisions(*, within_60: str, within_120: str, all_: str) -> dict[str, str]:
    return {
        f'{_DECIDED}_bucket{{le="60.0"}}': within_60,
        f'{_DECIDED}_bucket{{le="120.0"}}': within_120,
        f'{_DECIDED}_bucket{{le="+Inf"}}': all_,
        f"{_DECIDED}_count": all_,
    }


def _scores(*, low_share_last_day: int) -> dict[str, str]:
    """A hundred tracks each half hour for nine days; on the last day, that many of a hundred at most 0."""
    before, day = 8 * 48, 48
    low = f"0+50x{before} {50 * before}+{low_share_last_day}x{day}"
    every = f"0+100x{before + day}"
    return {
        f'{_SCORES}_bucket{{detector="ai_detector",le="0.0"}}': low,
        f'{_SCORES}_bucket{{detector="ai_detector",le="+Inf"}}': every,
        f'{_SCORES}_count{{detector="ai_detector"}}': every,
    }


def _cost(*, last_hours: int) -> dict[str, str]:
    """Ten minutes a step: a day at 10 CPU seconds, then two hours at another price."""
    return {
        'trackgate_finding_cpu_seconds_total{detector="voice_matcher"}': f"0+10x144 1440+{last_hours}x12",
        'trackgate_finding_audio_seconds_total{detector="voice_matcher"}': "0+1000x156",
    }


def _undeclared(*, last_hours: int) -> dict[str, str]:
    """Ten minutes a step: two days at ten of a hundred, then seven hours at another share."""
    name = "trackgate_distributor_tracks_total"
    return {
        f'{name}{{distributor="a",kind="undeclared"}}': f"0+10x288 2880+{last_hours}x42",
        f'{name}{{distributor="a",kind="all"}}': "0+100x330",
    }


def _webhooks(*, delivered: int) -> dict[str, str]:
    """Five attempts a minute fail."""
    return {
        'trackgate_webhook_steps_total{step="failed"}': "0+5x90",
        'trackgate_webhook_steps_total{step="delivered"}': f"0+{delivered}x90",
    }


def _overturned(*, below_95: int) -> dict[str, str]:
    """Ten minutes a step, ten overturned each."""
    name = "trackgate_reviewed_probability"
    labels = 'detector="ai_detector",after="publish"'
    return {
        f'{name}_bucket{{{labels},le="0.95"}}': f"0+{below_95}x160",
        f"{name}_count{{{labels}}}": "0+10x160",
    }


def _appeals(*, overturned: int) -> dict[str, str]:
    """Ten minutes a step, ten answered each."""
    name = "trackgate_moderation_appeals_by_reason_total"
    return {
        f'{name}{{reason="ai_undeclared",outcome="overturned"}}': f"0+{overturned}x160",
        f'{name}{{reason="ai_undeclared",outcome="upheld"}}': f"0+{10 - overturned}x160",
    }


CASES = {
    "ServiceDown": Case(
        fires={'up{job="trackgate-workers",instance="policy:9100"}': "1 1 0x20"},
        quiet={'up{job="trackgate-workers",instance="policy:9100"}': "1 1 0 1x20"},
        at="15m",
    ),
    "NothingDecided": Case(
        fires={
            'trackgate_uploads_declared_total{ai_use="none"}': "0+2x40",
            "trackgate_tracks_decided_total": "7x40",
        },
        quiet={
            'trackgate_uploads_declared_total{ai_use="none"}': "0+2x40",
            "trackgate_tracks_decided_total": "0+1x40",
        },
    ),
    "OutageLasting": Case(
        fires={'trackgate_stream_outages_total{service="policy"}': "0+2x40"},
        quiet={'trackgate_stream_outages_total{service="policy"}': "0x30 2x10"},
    ),
    "PublishFailing": Case(
        fires={'trackgate_publish_failures_total{topic="tracks.uploaded"}': "0+1x40"},
        quiet={'trackgate_publish_failures_total{topic="tracks.uploaded"}': "0x35 5x5"},
    ),
    "WebhooksFailing": Case(fires=_webhooks(delivered=2), quiet=_webhooks(delivered=3), at="90m"),
    "SureAndOverturned": Case(
        fires=_overturned(below_95=4), quiet=_overturned(below_95=6), at="26h", step="10m"
    ),
    "AppealsSucceed": Case(fires=_appeals(overturned=6), quiet=_appeals(overturned=4), at="26h", step="10m"),
    "Rebalancing": Case(
        fires={'trackgate_stream_rebalances_total{service="policy"}': "0+1x60"},
        quiet={'trackgate_stream_rebalances_total{service="policy"}': "0x20 2x40"},
        at="60m",
    ),
    "DecisionsLate": Case(
        fires=_decisions(within_60="0+9x40", within_120="0+9x40", all_="0+10x40"),
        quiet=_decisions(within_60="0+9x40", within_120="0+10x40", all_="0+10x40"),
    ),
    "DecisionsSlow": Case(
        fires=_decisions(within_60="0+8x40", within_120="0+10x40", all_="0+10x40"),
        quiet=_decisions(within_60="0+10x40", within_120="0+10x40", all_="0+10x40"),
    ),
    "LagGrowing": Case(
        fires={
            'trackgate_stream_lag{service="ai_detector",topic="tracks.uploaded",partition="0"}': "0+20x40"
        },
        quiet={
            'trackgate_stream_lag{service="ai_detector",topic="tracks.uploaded",partition="0"}': "900-20x40"
        },
    ),
    "ScreeningDearer": Case(fires=_cost(last_hours=40), quiet=_cost(last_hours=15), at="26h", step="10m"),
    "BrakeOn": Case(
        fires={'trackgate_stream_brake{service="policy"}': "0x10 1x30"},
        quiet={'trackgate_stream_brake{service="policy"}': "0x40"},
    ),
    "DeadLetters": Case(
        fires={
            'trackgate_stream_dead_letters_total{service="policy",topic="tracks.findings",why="contract"}': (
                "0x30 1x10"
            )
        },
        quiet={
            'trackgate_stream_dead_letters_total{service="policy",topic="tracks.findings",why="contract"}': (
                "7x40"
            )
        },
    ),
    "DetectorFailing": Case(
        fires={
            'trackgate_findings_total{detector="ai_detector",verdict="error"}': "0+1x40",
            'trackgate_findings_total{detector="ai_detector",verdict="not_detected"}': "0+9x40",
        },
        quiet={
            'trackgate_findings_total{detector="ai_detector",verdict="error"}': "0+1x40",
            'trackgate_findings_total{detector="ai_detector",verdict="not_detected"}': "0+99x40",
        },
    ),
    "FindingsMissing": Case(
        fires={'trackgate_decision_reasons_total{code="finding_missing"}': "0+1x40"},
        quiet={'trackgate_decision_reasons_total{code="finding_missing"}': "0x35 1x5"},
    ),
    "DecoderCrashing": Case(
        fires={'trackgate_ingest_decoded_total{outcome="crashed"}': "0+1x40"},
        quiet={'trackgate_ingest_decoded_total{outcome="malformed"}': "0+9x40"},
    ),
    "PoolDying": Case(
        fires={'trackgate_pool_deaths_total{service="voice_matcher"}': "0+1x40"},
        quiet={'trackgate_pool_deaths_total{service="voice_matcher"}': "0x35 1x5"},
    ),
    "ScoreDrift": Case(
        fires=_scores(low_share_last_day=20), quiet=_scores(low_share_last_day=40), at="216h", step="30m"
    ),
    "UndeclaredShareJumped": Case(
        fires=_undeclared(last_hours=40), quiet=_undeclared(last_hours=15), at="55h", step="10m"
    ),
    "OverturnsHigh": Case(
        fires={
            'trackgate_reviews_applied_total{before="quarantine",after="publish"}': "0+2x160",
            'trackgate_reviews_applied_total{before="quarantine",after="reject"}': "0+1x160",
        },
        quiet={
            'trackgate_reviews_applied_total{before="quarantine",after="publish"}': "0+1x160",
            'trackgate_reviews_applied_total{before="quarantine",after="reject"}': "0+2x160",
        },
        at="26h",
        step="10m",
    ),
    "CasesOverdue": Case(
        fires={"trackgate_moderation_overdue_cases": "0x10 2x30"},
        quiet={"trackgate_moderation_overdue_cases": "0x35 2x5"},
    ),
    "ReviewsUnsent": Case(
        fires={'trackgate_moderation_cases{state="unsent"}': "0x10 1x30"},
        quiet={
            'trackgate_moderation_cases{state="open"}': "50x40",
            'trackgate_moderation_cases{state="unsent"}': "0x40",
        },
    ),
}
