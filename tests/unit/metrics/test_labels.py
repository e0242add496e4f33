"""Every metric is declared in one place, says what it means, and has few series for good."""

import ast
import importlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from prometheus_client import REGISTRY

from deploy.grafana.definitions import DASHBOARDS
from services.ingest import metrics as ingest
from services.moderation import metrics as moderation
from services.policy import metrics as policy
from shared.events import AppealDecided, AppealOutcome
from shared.metrics import OTHER, SECONDS, Bounded
from tests.support.events import A_TIME, an_upload, track_id
from tests.unit.metrics.declared import ROOT, declared_names
from tests.unit.metrics.test_metrics import a_decision

FEW = {
    "service": "our own processes",
    "topic": "shared/topics.py, with retry and dead-letter topics",
    "partition": "of those topics",
    "detector": "our own detectors",
    "population": "of the calibration set",
    "le": "the edges of a histogram",
    "outcome": "outcomes of handlers, deliveries, decisions, bulk actions",
    "verdict": "shared.events.Verdict",
    "why": "codes of reasons, bounded",
    "code": "codes of the policy file, bounded",
    "reason": "codes of the policy file, bounded",
    "basis": "of labels",
    "by": "policy or person",
    "before": "shared.events.Outcome",
    "after": "shared.events.Outcome",
    "declared": "shared.events.AiUse",
    "detected": "shared.events.Verdict",
    "ai_use": "shared.events.AiUse",
    "kind": "kinds of tracks",
    "state": "states of cases",
    "step": "shared.events.DeliveryStep",
    "version": "of policies, bounded",
    "decided": "shared.events.Outcome",
    "shadow": "shared.events.Outcome",
}
"""Labels that may be used, with what keeps them few."""
BOUNDED = {
    "trackgate_uploads": ingest.MOST_DISTRIBUTORS,
    "trackgate_distributor_tracks": policy.MOST_DISTRIBUTORS,
    "trackgate_moderation_appeals": moderation.MOST_DISTRIBUTORS,
}
"""Metrics that name distributors, with how many; each is filled with more of them below."""


def declared() -> dict[str, tuple[str, ...]]:
    """Labels by metric."""
    declared_names()
    return {
        collector._name: tuple(collector._labelnames)
        for collector in set(REGISTRY._collector_to_names)
        if getattr(collector, "_name", "").startswith("trackgate_")
    }


def test_no_label_can_hold_a_track_an_artist_or_an_unbounded_set_of_distributors():
    unknown = {
        f"{name}: {label}"
        for name, labels in declared().items()
        for label in labels
        if label not in FEW and not (label == "distributor" and name in BOUNDED)
    }
    assert unknown == set()


def of_ingest(number: int) -> None:
    ingest.accepted(an_upload().model_copy(update={"distributor_id": f"distributor-{number}"}))


def of_policy(number: int) -> None:
    decision = a_decision("publish", distributor=f"distributor-{number}")
    policy.decided(decision, before=None, received_at=A_TIME)


def of_appeals(number: int) -> None:
    moderation.appeal_decided(
        AppealDecided(
            event_id=f"appeal-{number}",
            occurred_at=A_TIME,
            appeal_id=f"appeal-{number}",
            track_id=track_id(1),
            decision_id="decision",
            decided_by="ada",
            distributor_id=f"distributor-{number}",
            outcome=AppealOutcome.UPHELD,
            reasons=(f"code_{number}",),
            detectors=("ai_detector",),
        )
    )


@pytest.mark.parametrize(
    ("metric", "module", "count"),
    [
        ("trackgate_uploads", ingest, of_ingest),
        ("trackgate_distributor_tracks", policy, of_policy),
        ("trackgate_moderation_appeals", moderation, of_appeals),
    ],
)
def test_a_metric_that_names_distributors_names_so_many_and_no_more(
    metric: str, module: ModuleType, count: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "_distributor", Bounded(BOUNDED[metric]))
    for number in range(BOUNDED[metric] + 20):
        count(number)
    names = values(metric, "distributor")
    assert OTHER in names
    assert len([name for name in names if name.startswith("distributor-")]) == BOUNDED[metric]


def test_reasons_of_appeals_are_bounded_too(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(moderation, "_code", Bounded(moderation.MOST_CODES))
    for number in range(moderation.MOST_CODES + 20):
        of_appeals(number)
    codes = values("trackgate_moderation_appeals_by_reason", "reason")
    assert len([code for code in codes if code.startswith("code_")]) >= moderation.MOST_CODES
    assert OTHER in codes


def test_versions_of_policies_are_bounded():
    assert isinstance(policy.version_label, Bounded)


def values(metric: str, label: str) -> set[str]:
    return {
        sample.labels[label]
        for family in REGISTRY.collect()
        if family.name == metric
        for sample in family.samples
    }


def test_every_metric_says_what_it_means_when_it_moves():
    terse = {
        family.name: family.documentation
        for family in REGISTRY.collect()
        if family.name.startswith("trackgate_") and len(family.documentation) < 60
    }
    assert terse == {}


def test_metrics_are_declared_in_metrics_modules_and_nowhere_else():
    importlib.import_module("shared.metrics")
    elsewhere = [
        str(file.relative_to(ROOT))
        for folder in ("services", "shared")
        for file in (ROOT / folder).rglob("*.py")
        if file.name != "metrics.py" and declares(file)
    ]
    assert elsewhere == []


def declares(file: Path) -> bool:
    kinds = {"Counter", "Gauge", "Histogram", "Summary", "Info", "Enum"}
    return any(
        isinstance(node, ast.ImportFrom)
        and node.module == "prometheus_client"
        and any(name.name in kinds for name in node.names)
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    )


NAMED = {
    "uploads": "trackgate_uploads_total",
    "findings": "trackgate_findings_total",
    "decisions by reason": "trackgate_decision_reasons_total",
    "decisions by label": "trackgate_decision_labels_total",
    "upload to decision": "trackgate_upload_to_decision_seconds_bucket",
    "stage latency": "trackgate_stage_seconds_bucket",
    "real-time factor": "trackgate_finding_real_time_factor_bucket",
    "scores": "trackgate_finding_score_bucket",
    "declared against detected": "trackgate_declared_detected_total",
    "overturns": "trackgate_reviews_applied_total",
    "queue depth": "trackgate_moderation_cases",
    "queue age": "trackgate_moderation_oldest_case_seconds",
    "queue breaches": "trackgate_moderation_breaches",
    "consumer lag": "trackgate_stream_lag",
    "retries": "trackgate_stream_messages_total",
    "dead letters": "trackgate_stream_dead_letters_total",
    "rebalances": "trackgate_stream_rebalances_total",
    "pool use": "trackgate_pool_busy",
    "decoder crashes": "trackgate_ingest_decoded_total",
}
"""What the team and the person who asks "how many, how sure, at what cost?" are promised to see."""


@pytest.mark.parametrize("what", sorted(NAMED))
def test_what_was_promised_to_be_seen_is_measured_and_on_a_dashboard(what: str):
    assert NAMED[what] in declared_names()
    queries = [query.expr for board in DASHBOARDS for panel in board.panels for query in panel.queries]
    assert any(NAMED[what] in query for query in queries)


def test_latency_is_told_apart_up_to_the_promise():
    assert SECONDS[-1] == 120


def test_no_gauge_of_creation_times_stands_beside_each_counter():
    policy.STOPPED.labels("some-version").inc(0)
    names = {sample.name for family in REGISTRY.collect() for sample in family.samples}
    assert not {name for name in names if name.endswith("_created")}
