"""The dashboards that Grafana gets are those of the definition, and read metrics that exist."""

import json
import re

import pytest
import yaml

from deploy.grafana.__main__ import FOLDER, text_of
from deploy.grafana.definitions import DASHBOARDS
from deploy.grafana.panels import COLUMNS, DATASOURCE, Dashboard, as_json
from services.moderation.dashboards.odometer import JOBS
from tests.unit.metrics.declared import ROOT, declared_names

every_dashboard = pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda dashboard: dashboard.name)


@every_dashboard
def test_the_committed_file_is_what_the_definition_says(dashboard: Dashboard):
    committed = (FOLDER / f"{dashboard.name}.json").read_text()
    assert committed == text_of(dashboard), "run `python -m deploy.grafana`"


def test_no_other_dashboard_lies_beside_them():
    assert {file.stem for file in FOLDER.glob("*.json")} == {dashboard.name for dashboard in DASHBOARDS}


@every_dashboard
def test_every_query_reads_metrics_that_are_declared(dashboard: Dashboard):
    read = {
        name
        for panel in dashboard.panels
        for query in panel.queries
        for name in re.findall(r"\btrackgate_\w+", query.expr)
    }
    assert read
    assert read <= declared_names()


@every_dashboard
def test_panels_lie_inside_the_grid_and_never_on_each_other(dashboard: Dashboard):
    taken: set[tuple[int, int]] = set()
    for panel in as_json(dashboard)["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= COLUMNS
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken
        taken |= cells


@every_dashboard
def test_every_panel_says_how_to_read_it(dashboard: Dashboard):
    assert dashboard.about
    assert all(panel.about.endswith(".") for panel in dashboard.panels)


def test_panels_ask_the_data_source_that_is_provisioned():
    provisioned = yaml.safe_load(
        (ROOT / "deploy/grafana/provisioning/datasources/prometheus.yml").read_text()
    )
    assert {source["uid"] for source in provisioned["datasources"]} == {DATASOURCE["uid"]}
    asked = {
        target["datasource"]["uid"]
        for dashboard in DASHBOARDS
        for panel in json.loads(text_of(dashboard))["panels"]
        for target in panel["targets"]
    }
    assert asked == {DATASOURCE["uid"]}


def test_prometheus_scrapes_every_service_of_compose_that_stays_up():
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    ours = {
        name
        for name, service in compose.items()
        if service["image"].startswith("trackgate/") and "healthcheck" in service
    }
    scraped = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text())["scrape_configs"]
    targets = [target for job in scraped for one in job["static_configs"] for target in one["targets"]]
    assert sorted(target.partition(":")[0] for target in targets) == sorted(ours)
    assert {job["job_name"] for job in scraped} < set(JOBS)
