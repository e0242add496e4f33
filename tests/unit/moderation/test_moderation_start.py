"""Starting: wrong settings are refused, people are let in by a file."""

import json
import stat
from pathlib import Path

import pytest

from services.moderation.adapters.reviewers import add_reviewer, read_reviewers
from services.moderation.domain.access import Role
from services.moderation.main import main
from services.moderation.settings import ModerationApiSettings
from shared.errors import SettingsError


@pytest.mark.parametrize("bind", ["0.0.0.0", "192.168.1.4", "::", "example.org"])  # noqa: S104 - what is refused
def test_the_local_sign_in_refuses_any_address_but_loopback(
    monkeypatch: pytest.MonkeyPatch, bind: str
) -> None:
    monkeypatch.setenv("TRACKGATE_BIND", bind)
    with pytest.raises(SettingsError, match="loopback only"):
        ModerationApiSettings.load()
    monkeypatch.setenv("TRACKGATE_REACHED_AT", "127.0.0.1")
    assert ModerationApiSettings.load().bind == bind


@pytest.mark.parametrize("bind", ["127.0.0.1", "::1", "localhost", "127.0.0.8"])
def test_loopback_is_fine(monkeypatch: pytest.MonkeyPatch, bind: str) -> None:
    monkeypatch.setenv("TRACKGATE_BIND", bind)
    assert ModerationApiSettings.load().bind == bind


def test_a_reviewer_is_let_in_by_the_token_that_is_kept_nowhere(tmp_path: Path) -> None:
    path = tmp_path / "desk" / "reviewers.json"
    ada = add_reviewer(path, "ada", "Ada", Role.SENIOR)
    ben = add_reviewer(path, "ben", "Ben", Role.VIEWER)
    reviewers = read_reviewers(path)
    found = reviewers.holding(ada), reviewers.holding(ben)
    assert [(one.reviewer_id, one.role) for one in found if one] == [
        ("ada", Role.SENIOR),
        ("ben", Role.VIEWER),
    ]
    assert reviewers.holding("") is None
    assert ada not in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    again = add_reviewer(path, "ada", "Ada", Role.MODERATOR)
    renewed = read_reviewers(path)
    assert renewed.holding(ada) is None
    assert renewed.holding(again) is not None


@pytest.mark.parametrize("content", ["[", '[{"reviewer_id": "ada"}]', "{}"])
def test_a_file_that_cannot_be_used_stops_the_start(tmp_path: Path, content: str) -> None:
    path = tmp_path / "reviewers.json"
    path.write_text(content)
    with pytest.raises(SettingsError, match="TRACKGATE_MODERATION_REVIEWERS"):
        read_reviewers(path)


def test_the_same_reviewer_twice_stops_the_start(tmp_path: Path) -> None:
    path = tmp_path / "reviewers.json"
    add_reviewer(path, "ada", "Ada", Role.SENIOR)
    path.write_text(json.dumps(json.loads(path.read_text()) * 2))
    with pytest.raises(SettingsError, match="twice"):
        read_reviewers(path)


def test_a_start_without_reviewers_says_how_to_make_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TRACKGATE_MODERATION_REVIEWERS", str(tmp_path / "none.json"))
    monkeypatch.setattr("sys.argv", ["moderation", "api"])
    assert main() == 2
    assert "add-reviewer ada" in capsys.readouterr().err
