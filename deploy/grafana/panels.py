"""Panels and dashboards as values, and as the JSON that Grafana reads."""

from dataclasses import dataclass, field
from typing import Any, Literal

SCHEMA_VERSION = 41
COLUMNS = 24
DATASOURCE = {"type": "prometheus", "uid": "prometheus"}
Kind = Literal["stat", "timeseries", "bargauge", "heatmap", "table"]
_WIDTH: dict[Kind, int] = {"stat": 4, "timeseries": 12, "bargauge": 12, "heatmap": 12, "table": 12}
_HEIGHT: dict[Kind, int] = {"stat": 4, "timeseries": 8, "bargauge": 8, "heatmap": 8, "table": 9}


@dataclass(frozen=True)
class Query:
    """PromQL; Grafana's ``$__rate_interval`` and ``$__range`` are its only variables.

    ``legend`` names each series by its labels in Grafana's ``{{label}}``.
    """

    expr: str
    legend: str = ""


@dataclass(frozen=True)
class Limit:
    """A value from which a panel changes its colour."""

    value: float
    colour: str


@dataclass(frozen=True)
class Panel:
    """``about`` says how to read it. ``unit`` is one of Grafana's (s, percentunit, short, none …)."""

    title: str
    about: str
    queries: tuple[Query, ...]
    kind: Kind = "timeseries"
    unit: str = "short"
    limits: tuple[Limit, ...] = ()
    stacked: bool = False


@dataclass(frozen=True)
class Dashboard:
    """``name`` is the file's name and the address of the dashboard in Grafana."""

    name: str
    title: str
    about: str
    panels: tuple[Panel, ...] = field(default=())
    span: str = "now-6h"


def one(
    title: str,
    about: str,
    expr: str,
    *,
    kind: Kind = "stat",
    unit: str = "short",
    legend: str = "",
    limits: tuple[Limit, ...] = (),
    stacked: bool = False,
) -> Panel:
    """A panel with a single query."""
    return Panel(title, about, (Query(expr, legend),), kind, unit, limits, stacked)


def as_json(dashboard: Dashboard) -> dict[str, Any]:
    return {
        "uid": f"trackgate-{dashboard.name}",
        "title": f"Trackgate: {dashboard.title}",
        "description": dashboard.about,
        "tags": ["trackgate"],
        "schemaVersion": SCHEMA_VERSION,
        "version": 1,
        "editable": False,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": dashboard.span, "to": "now"},
        "timezone": "",
        "templating": {"list": []},
        "annotations": {"list": []},
        "links": [
            {
                "type": "dashboards",
                "title": "Trackgate",
                "tags": ["trackgate"],
                "asDropdown": True,
                "includeVars": False,
                "keepTime": True,
            }
        ],
        "panels": _placed(dashboard.panels),
    }


def _placed(panels: tuple[Panel, ...]) -> list[dict[str, Any]]:
    """Left to right; a new row where the next panel does not fit."""
    placed, x, y, row = [], 0, 0, 0
    for number, panel in enumerate(panels, start=1):
        width, height = _WIDTH[panel.kind], _HEIGHT[panel.kind]
        if x + width > COLUMNS or (row and height != row):
            x, y, row = 0, y + row, 0
        placed.append(_panel(panel, number, {"x": x, "y": y, "w": width, "h": height}))
        x, row = x + width, height
    return placed


def _panel(panel: Panel, number: int, place: dict[str, int]) -> dict[str, Any]:
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.about,
        "gridPos": place,
        "datasource": DATASOURCE,
        "targets": [_target(panel, query, chr(ord("A") + i)) for i, query in enumerate(panel.queries)],
        "fieldConfig": {"defaults": _defaults(panel), "overrides": []},
        "options": _options(panel),
    }


def _target(panel: Panel, query: Query, ref: str) -> dict[str, Any]:
    instant = panel.kind in {"stat", "bargauge", "table"}
    target = {
        "refId": ref,
        "datasource": DATASOURCE,
        "expr": query.expr,
        "legendFormat": query.legend or "__auto",
        "instant": instant,
        "range": not instant,
    }
    if panel.kind == "table":
        return target | {"format": "table"}
    return target | ({"format": "heatmap"} if panel.kind in {"heatmap", "bargauge"} else {})


def _defaults(panel: Panel) -> dict[str, Any]:
    steps: list[dict[str, Any]] = [{"color": "green", "value": None}]
    steps += [{"color": limit.colour, "value": limit.value} for limit in panel.limits]
    defaults: dict[str, Any] = {
        "unit": panel.unit,
        "thresholds": {"mode": "absolute", "steps": steps},
    }
    if panel.unit != "none":  # scores go below nothing
        defaults["min"] = 0
    if panel.kind == "timeseries":
        defaults["custom"] = {
            "fillOpacity": 25 if panel.stacked else 8,
            "stacking": {"mode": "normal" if panel.stacked else "none"},
            "thresholdsStyle": {"mode": "line" if panel.limits else "off"},
        }
    return defaults


def _options(panel: Panel) -> dict[str, Any]:
    match panel.kind:
        case "stat":
            calculation = {"calcs": ["lastNotNull"], "fields": "", "values": False}
            return {"reduceOptions": calculation, "colorMode": "value", "graphMode": "area"}
        case "timeseries":
            return {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}}
        case "bargauge":
            calculation = {"calcs": ["lastNotNull"], "fields": "", "values": False}
            return {"reduceOptions": calculation, "orientation": "horizontal", "displayMode": "basic"}
        case "heatmap":
            return {"calculate": False, "yAxis": {"unit": panel.unit}, "color": {"scheme": "Viridis"}}
        case "table":
            return {"sortBy": [{"displayName": "Value", "desc": True}]}
