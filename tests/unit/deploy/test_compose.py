"""docker-compose.yml, as far as it can be judged without an engine."""

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from shared.settings import Settings

ROOT = Path(__file__).parents[3]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("trackgate/")}
WORKERS = {"ai_detector", "voice_matcher", "fingerprints", "policy", "moderation_worker", "notifier"}


def test_it_follows_the_compose_specification():
    schema = json.loads((Path(__file__).parent / "compose-spec.json").read_text())
    jsonschema.validate(COMPOSE, schema)


def test_every_service_folder_has_its_image_and_its_own_list_of_requirements():
    folders = {path.parent.name for path in (ROOT / "services").glob("*/__main__.py")}
    assert folders == {service["image"].removeprefix("trackgate/") for service in OURS.values()}
    for folder in folders:
        assert (ROOT / "deploy" / "requirements" / f"{folder}.txt").exists()


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_ports_are_published_on_loopback_only(name):
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", []))


@pytest.mark.parametrize("name", sorted(OURS))
def test_our_containers_hold_no_privileges(name):
    service = OURS[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"topics", "cli"}))
def test_everything_that_stays_up_says_whether_it_is_well(name):
    assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"


@pytest.mark.parametrize("name", sorted(WORKERS))
def test_a_worker_gets_time_to_finish_what_is_in_hand(name):
    assert SERVICES[name]["stop_grace_period"] == "2m"


def test_every_image_is_pinned():
    for service in SERVICES.values():
        if service not in OURS.values():
            _name, _, tag = service["image"].partition(":")
            assert tag not in {"", "latest"}


def test_every_variable_of_the_common_ones_is_a_setting():
    fields = {f"TRACKGATE_{name.upper()}" for name in Settings.model_fields}
    assert set(COMPOSE["x-environment"]) <= fields


def test_prometheus_scrapes_every_service_of_ours_that_stays_up():
    config = yaml.safe_load((ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text())
    scraped = {
        target.partition(":")[0]
        for job in config["scrape_configs"]
        for static in job["static_configs"]
        for target in static["targets"]
    }
    assert scraped == set(OURS) - {"topics", "cli"}


def test_the_lists_of_requirements_name_no_index():
    for file in (ROOT / "deploy" / "requirements").glob("*.txt"):
        text = file.read_text()
        assert "://" not in text
        assert "--index" not in text
        assert "torch==" not in text or file.stem in {"train", "hub"}
