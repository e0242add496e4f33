"""How the policy worker is configured."""

import pytest

from services.policy.settings import PolicySettings
from shared.errors import SettingsError


def test_settings_of_the_worker_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACKGATE_POLICY_DEADLINE_SECONDS", "7.5")
    monkeypatch.setenv("TRACKGATE_POLICY_REQUIRED_DETECTORS", '["ai_detector"]')
    settings = PolicySettings.load()
    assert settings.policy_deadline_seconds == 7.5
    assert settings.policy_required_detectors == ("ai_detector",)


def test_a_policy_that_waits_for_no_detector_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACKGATE_POLICY_REQUIRED_DETECTORS", "[]")
    with pytest.raises(SettingsError, match="TRACKGATE_POLICY_REQUIRED_DETECTORS"):
        PolicySettings.load()
