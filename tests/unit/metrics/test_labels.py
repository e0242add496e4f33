"""Every metric is declared in one place, says what it means, and has few series for good."""

import ast
import importlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from prometheus_client import REGISTRY

from services.ingest import metrics as ingest
from services.moderation import metrics as moderation
from services.policy import metrics as policy
from shared.events import AppealDecided, AppealOutcome
from shared.metrics import OTHER, Bounded
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
