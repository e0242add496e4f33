"""A vault that is set up half is refused at the start; none at all is a choice."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from shared.clock import SystemClock
from shared.errors import SettingsError
from shared.voiceprints.settings import VoiceprintSettings, load_vault

GOOD = SecretStr("A" * 43 + "=")


def settings(tmp_path: Path, **changes: Any) -> VoiceprintSettings:
    whole: dict[str, Any] = {
        "voiceprint_keys": tmp_path / "keys",
        "voiceprint_log": tmp_path / "access.jsonl",
        "voiceprint_master_key": GOOD,
    }
    return VoiceprintSettings(**whole | changes)


def test_without_a_folder_there_is_no_vault(tmp_path: Path) -> None:
    assert load_vault(VoiceprintSettings(), SystemClock()) is None


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"voiceprint_log": None}, "VOICEPRINT_LOG"),
        ({"voiceprint_master_key": None}, "MASTER_KEY"),
        ({"voiceprint_master_key": SecretStr("short")}, "32 bytes"),
        ({"voiceprint_master_key": SecretStr(" ")}, "holds no key"),
        ({"voiceprint_master_key_file": Path("also")}, "not both"),
    ],
)
def test_half_a_vault_stops_the_start(tmp_path: Path, changes: dict[str, Any], named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        load_vault(settings(tmp_path, **changes), SystemClock())


def test_a_master_key_is_made_on_this_machine_alone(tmp_path: Path) -> None:
    file = tmp_path / "secret" / "master"
    told = {"voiceprint_master_key": None, "voiceprint_master_key_file": file}
    with pytest.raises(SettingsError, match="loopback"):
        load_vault(settings(tmp_path, bind="0.0.0.0", **told), SystemClock())  # noqa: S104 - it is refused
    first = load_vault(settings(tmp_path, **told), SystemClock())
    second = load_vault(settings(tmp_path, **told), SystemClock())
    assert first is not None
    assert second is not None
    assert file.stat().st_mode & 0o777 == 0o600
    assert first.keys.make("ada") == second.keys.find("ada")
