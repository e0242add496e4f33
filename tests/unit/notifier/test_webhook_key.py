"""The key that seals signing secrets."""

import base64
from pathlib import Path

import pytest

from services.notifier.main import wire
from services.notifier.settings import NotifierSettings
from shared.errors import SettingsError
from shared.webhooks.settings import WebhookSettings, load_seal

KEY = base64.b64encode(bytes(range(32))).decode()


def test_on_this_machine_a_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "webhooks" / "key"
    settings = WebhookSettings(webhook_key_file=file)
    first, second = load_seal(settings), load_seal(settings)
    assert first is not None
    assert second is not None
    assert second.open(first.close("a secret", "northwind"), "northwind") == "a secret"
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(file.parent.iterdir()) == [file]


def test_where_others_reach_it_none_is_made(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="only on loopback"):
        load_seal(WebhookSettings(webhook_key_file=tmp_path / "key", bind="0.0.0.0"))  # noqa: S104 - what is refused


@pytest.mark.parametrize("text", ["", "short", base64.b64encode(bytes(16)).decode(), "not base64!"])
def test_what_is_no_key_stops_the_start(text: str) -> None:
    with pytest.raises(SettingsError, match="TRACKGATE_WEBHOOK_KEY"):
        load_seal(WebhookSettings.model_validate({"webhook_key": text}))


def test_both_stop_it_too(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="not both"):
        load_seal(WebhookSettings.model_validate({"webhook_key": KEY, "webhook_key_file": tmp_path / "key"}))


def test_a_notifier_without_a_key_does_not_start() -> None:
    with pytest.raises(SettingsError, match="TRACKGATE_WEBHOOK_KEY"):
        wire(NotifierSettings())
