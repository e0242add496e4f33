"""The dashboards against Grafana's own schema: nothing in them is a word that Grafana does not know.

Grafana ignores what it does not know, so a misspelt option would only show as a panel that looks wrong.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from deploy.grafana.definitions import DASHBOARDS
from deploy.grafana.panels import Dashboard, as_json

reason = "NO DASHBOARD IS HELD AGAINST GRAFANA'S SCHEMA: the package grafana-foundation-sdk is not installed"
models = pytest.importorskip("grafana_foundation_sdk.models.dashboard", reason=reason)
encoding = pytest.importorskip("grafana_foundation_sdk.cog.encoder", reason=reason)
plugins = pytest.importorskip("grafana_foundation_sdk.cog.plugins", reason=reason)


def through_the_schema(dashboard: dict[str, Any]) -> Any:
    plugins.register_default_plugins()
    return json.loads(encoding.JSONEncoder(sort_keys=True).encode(models.Dashboard.from_json(dashboard)))


def lost(ours: Any, kept: Any, place: str = "") -> Iterator[str]:
    """What the schema dropped or changed."""
    if isinstance(ours, dict):
        for name, value in ours.items():
            if not isinstance(kept, dict) or name not in kept:
                yield f"{place}.{name}"
            else:
                yield from lost(value, kept[name], f"{place}.{name}")
    elif isinstance(ours, list) and isinstance(kept, list) and len(ours) == len(kept):
        for number, (one, other) in enumerate(zip(ours, kept, strict=True)):
            yield from lost(one, other, f"{place}[{number}]")
    elif ours != kept:
        yield f"{place}: {ours!r} became {kept!r}"


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda dashboard: dashboard.name)
def test_grafana_knows_every_word_of_the_dashboard(dashboard: Dashboard):
    ours = as_json(dashboard)
    assert list(lost(ours, through_the_schema(ours))) == []


def test_a_misspelt_option_is_noticed():
    ours = as_json(DASHBOARDS[0])
    ours["panels"][0]["options"]["graphMod"] = "area"
    assert list(lost(ours, through_the_schema(ours))) == [".panels[0].options.graphMod"]
