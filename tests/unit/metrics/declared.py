"""The names under which Prometheus finds what the metrics modules declare."""

import importlib
from pathlib import Path

from prometheus_client import REGISTRY

ROOT = Path(__file__).parents[3]


def declared_names() -> frozenset[str]:
    """Samples' names without labels, counters with ``_total``, histograms with their three."""
    importlib.import_module("shared.metrics")
    for file in ROOT.glob("services/*/metrics.py"):
        importlib.import_module(f"services.{file.parent.name}.metrics")
    names: set[str] = set()
    for family in REGISTRY.collect():
        name = family.name
        names |= {
            "counter": {f"{name}_total"},
            "histogram": {f"{name}_bucket", f"{name}_count", f"{name}_sum"},
        }.get(family.type, {name})
    return frozenset(names)
