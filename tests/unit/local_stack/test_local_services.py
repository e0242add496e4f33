"""The services and the environment that they are told."""

from importlib.util import find_spec
from pathlib import Path

import pytest

from deploy.local.bringup import own_ports, service_environment
from deploy.local.services import trackgate_services
from deploy.local.settings import LocalSettings
from shared.errors import SettingsError

HOME = Path("/srv/trackgate")


@pytest.fixture
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("KAFKA", "REDIS", "STORE", "HOME"):
        monkeypatch.delenv(f"TRACKGATE_{name}", raising=False)
    return monkeypatch


def test_every_service_has_a_port_of_its_own_and_is_told_it() -> None:
    services = trackgate_services({}, HOME)

    assert len({service.port for service in services}) == len(services)
    for service in services:
        assert str(service.port) in service.env.values()
        assert service.health_url == f"http://127.0.0.1:{service.port}/healthz"


def test_a_setting_moves_one_service() -> None:
    moved = {
        service.name: service for service in trackgate_services({"TRACKGATE_POLICY_PORT": "28000"}, HOME)
    }

    assert moved["policy"].port == 28000
    assert "28000" in moved["policy"].env.values()


def test_every_service_is_run_as_a_module_that_exists() -> None:
    for service in trackgate_services({}, HOME):
        assert service.argv[1] == "-m"
        assert find_spec(service.argv[2]) is not None


@pytest.mark.parametrize("text", ["0", "65536", "80a", "", "-1"])
def test_what_is_no_port_is_refused_by_the_name_of_its_setting(text: str) -> None:
    with pytest.raises(SettingsError, match="TRACKGATE_POLICY_PORT"):
        trackgate_services({"TRACKGATE_POLICY_PORT": text}, HOME)


def test_files_of_services_lie_below_home_unless_the_environment_says_where() -> None:
    here = {service.name: service for service in trackgate_services({}, HOME)}
    elsewhere = {"TRACKGATE_MODERATION_AUDIT": "/var/log/audit.jsonl"}
    moved = {service.name: service for service in trackgate_services(elsewhere, HOME)}

    assert here["moderation"].env["TRACKGATE_MODERATION_AUDIT"] == "/srv/trackgate/moderation/audit.jsonl"
    assert "TRACKGATE_MODERATION_AUDIT" not in moved["moderation"].env


def test_the_registry_is_given_no_token_file_beside_a_digest() -> None:
    digest = {"TRACKGATE_REGISTRY_TOKEN_SHA256": "0" * 64}
    services = {service.name: service for service in trackgate_services(digest, HOME)}

    assert "TRACKGATE_REGISTRY_TOKEN_FILE" not in services["registry"].env


def test_the_door_for_uploads_opens_last() -> None:
    assert trackgate_services({}, HOME)[-1].name == "ingest"


def test_only_what_the_stack_starts_itself_needs_a_port(clean_environment: pytest.MonkeyPatch) -> None:
    own = {use.setting for use in own_ports(LocalSettings.load(), [])}
    clean_environment.setenv("TRACKGATE_KAFKA", "127.0.0.1:9092")
    clean_environment.setenv("TRACKGATE_REDIS", "redis://127.0.0.1:6379/0")

    assert own == {"TRACKGATE_KAFKA_PORT", "TRACKGATE_KAFKA_CONTROLLER_PORT", "TRACKGATE_REDIS_PORT"}
    assert own_ports(LocalSettings.load(), []) == []


def test_services_are_told_absolute_paths_below_home(
    clean_environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    clean_environment.setenv("TRACKGATE_HOME", str(tmp_path))

    env = service_environment(LocalSettings.load(), "127.0.0.1:1", "redis://127.0.0.1:2/0")

    assert env["TRACKGATE_STORE"] == str((tmp_path / "objects").resolve())
    assert env["TRACKGATE_KAFKA"] == "127.0.0.1:1"
    assert env["TRACKGATE_REDIS"] == "redis://127.0.0.1:2/0"
