"""How the registry is told its administrators' token."""

import hashlib
from pathlib import Path

import pytest

from services.registry.adapters.keys import make_key
from services.registry.settings import RegistrySettings, token_digest
from shared.errors import SettingsError

DIGEST = hashlib.sha256(b"secret").hexdigest()


def test_without_a_token_it_does_not_start() -> None:
    with pytest.raises(SettingsError, match="TRACKGATE_REGISTRY_TOKEN_SHA256"):
        token_digest(RegistrySettings())


def test_with_two_it_does_not_either(tmp_path: Path) -> None:
    settings = RegistrySettings(registry_token_sha256=DIGEST, registry_token_file=tmp_path / "token")
    with pytest.raises(SettingsError, match="not both"):
        token_digest(settings)


def test_the_digest_is_taken_as_it_is() -> None:
    assert token_digest(RegistrySettings(registry_token_sha256=DIGEST, bind="192.0.2.1")) == DIGEST


def test_what_is_no_digest_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACKGATE_REGISTRY_TOKEN_SHA256", "secret")
    with pytest.raises(SettingsError, match="TRACKGATE_REGISTRY_TOKEN_SHA256"):
        RegistrySettings.load()


@pytest.mark.parametrize("bind", ["127.0.0.1", "::1", "localhost"])
def test_on_this_machine_a_token_is_made_once_for_its_owner_alone(tmp_path: Path, bind: str) -> None:
    file = tmp_path / "kept" / "token"
    settings = RegistrySettings(registry_token_file=file, bind=bind)

    digest = token_digest(settings)

    assert digest == hashlib.sha256(file.read_text().strip().encode()).hexdigest()
    assert file.stat().st_mode & 0o777 == 0o600
    assert token_digest(settings) == digest


@pytest.mark.parametrize("bind", ["0.0.0.0", "192.0.2.1", "::"])  # noqa: S104 - what must be refused
def test_where_others_reach_it_no_token_is_made(tmp_path: Path, bind: str) -> None:
    settings = RegistrySettings(registry_token_file=tmp_path / "token", bind=bind)
    with pytest.raises(SettingsError, match="loopback"):
        token_digest(settings)
    assert not (tmp_path / "token").exists()


def test_a_container_whose_port_is_published_on_loopback_is_this_machine_too(tmp_path: Path) -> None:
    settings = RegistrySettings(
        registry_token_file=tmp_path / "token",
        bind="0.0.0.0",  # noqa: S104 - inside the container
        reached_at="127.0.0.1",
    )
    assert len(token_digest(settings)) == 64


def test_an_emptied_token_file_is_no_token(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("")
    with pytest.raises(SettingsError, match="empty"):
        token_digest(RegistrySettings(registry_token_file=tmp_path / "token"))


def test_a_key_says_whose_it_is_and_is_never_the_same() -> None:
    first, second = make_key("acme"), make_key("acme")
    assert first.startswith("tgk_acme_")
    assert len(first.removeprefix("tgk_acme_")) == 43
    assert first != second
