"""Rebuilding every service's views, by the services themselves."""

import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli.main import app


@pytest.fixture
def services(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An interpreter that writes down what it was asked to run; policy fails when the folder says so."""
    interpreter = tmp_path / "python"
    interpreter.write_text(
        f"""#!/bin/sh
echo "$@" >> {tmp_path}/asked
echo "reading ..."
if [ "$2" = services.policy ] && [ -e {tmp_path}/policy-fails ]; then echo "Redis: gone"; exit 70; fi
echo "3 events of $2"
"""
    )
    interpreter.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(interpreter))
    return tmp_path


def test_each_service_rebuilds_its_own_in_order(services: Path) -> None:
    ended = CliRunner().invoke(app, ["rebuild-views", "--json"])
    assert ended.exit_code == 0, ended.output
    assert (services / "asked").read_text().splitlines() == [
        f"-m services.{name} rebuild-views"
        for name in ("ingest", "policy", "moderation", "notifier", "fingerprints")
    ]
    assert [one["last_line"] for one in json.loads(ended.stdout)] == [
        f"3 events of services.{name}"
        for name in ("ingest", "policy", "moderation", "notifier", "fingerprints")
    ]


def test_one_that_fails_is_told_with_its_last_words_and_the_others_go_on(services: Path) -> None:
    (services / "policy-fails").touch()
    ended = CliRunner().invoke(app, ["rebuild-views"])
    assert ended.exit_code == 1
    assert "policy: Redis: gone" in ended.stderr
    assert "moderation: 3 events" in ended.stdout


def test_one_alone_can_be_asked_for(services: Path) -> None:
    assert CliRunner().invoke(app, ["rebuild-views", "--only", "policy"]).exit_code == 0
    assert (services / "asked").read_text() == "-m services.policy rebuild-views\n"
