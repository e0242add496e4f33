"""The whole system as ``make demo`` runs it: real Kafka, real Valkey, every service, every sample."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from deploy.local.ports import free_ports, is_free
from deploy.local.services import trackgate_services
from deploy.samples.manifest import ExpectedOutcome, load_manifest

pytestmark = pytest.mark.timeout(600)

REPO_ROOT = Path(__file__).parents[2]
SERVERS = ("TRACKGATE_KAFKA_PORT", "TRACKGATE_KAFKA_CONTROLLER_PORT", "TRACKGATE_REDIS_PORT")
KEPT = ("TRACKGATE_CACHE",)


@pytest.fixture
def ports() -> dict[str, str]:
    settings = SERVERS + tuple(one.port_setting for one in trackgate_services({}, Path()))
    return {name: str(port) for name, port in zip(settings, free_ports(len(settings)), strict=True)}


@pytest.fixture
def environment(tmp_path: Path, ports: dict[str, str]) -> dict[str, str]:
    """Of the settings around the test only where downloads are kept reaches the demonstration."""
    outer = {
        name: value for name, value in os.environ.items() if not name.startswith("TRACKGATE_") or name in KEPT
    }
    own = {
        "TRACKGATE_HOME": str(tmp_path / "home"),
        "TRACKGATE_DEMO_RESULTS": str(tmp_path / "demo.json"),
        "TRACKGATE_START_TIMEOUT_S": "180",
    }
    return {**outer, **ports, **own, "PYTHONUNBUFFERED": "1"}


@contextmanager
def local_stack(what: str, environment: dict[str, str]) -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        [sys.executable, "-m", "deploy.local", what],
        cwd=REPO_ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()


def read_until(process: "subprocess.Popen[str]", part: str) -> str:
    assert process.stdout is not None
    read: list[str] = []
    for line in process.stdout:
        read.append(line)
        if part in line:
            return "".join(read)
    pytest.fail(f"ended without {part!r}:\n{''.join(read)}")


def running_on(home: Path) -> list[str]:
    """Command lines of processes that work below ``home``."""
    found = []
    for process in psutil.process_iter(["cmdline", "cwd", "status"]):
        lines = " ".join(process.info["cmdline"] or ())
        if process.info["status"] != psutil.STATUS_ZOMBIE and (
            str(home) in lines or str(home) in (process.info["cwd"] or "")
        ):
            found.append(lines)
    return found


def test_every_sample_gets_its_expected_decision_and_a_second_run_screens_nothing_twice(
    tmp_path: Path, environment: dict[str, str], ports: dict[str, str]
) -> None:
    samples = load_manifest().samples
    with local_stack("demo", environment) as process:
        output, _ = process.communicate()
    assert process.returncode == 0, output
    assert f"{len(samples)} of {len(samples)} samples came out as expected" in output

    entries = json.loads((tmp_path / "demo.json").read_text())
    assert [entry["file"] for entry in entries] == [sample.file for sample in samples]
    for entry, sample in zip(entries, samples, strict=True):
        refused = sample.expected.outcome is ExpectedOutcome.REJECTED_AT_UPLOAD
        assert entry["decision"] == entry["expected"] == sample.expected.outcome.value
        assert set(entry["reasons"]) >= set(sample.expected.reasons)
        assert set(entry["labels"]) >= set(sample.expected.labels)
        assert (entry["track_id"] is None) == refused
        assert {finding["detector"] for finding in entry["findings"]} == (
            set() if refused else {"ai_detector", "voice_matcher", "fingerprint"}
        )
        assert entry["seconds"] > 0
    assert len({entry["track_id"] for entry in entries if entry["track_id"]}) == sum(
        sample.expected.outcome is not ExpectedOutcome.REJECTED_AT_UPLOAD for sample in samples
    )
    assert all(is_free(int(port)) for port in ports.values())
    assert running_on(tmp_path / "home") == []

    keys = sorted((tmp_path / "home" / "demo").glob("*.key"))
    assert {key.stat().st_mode & 0o777 for key in keys} == {0o600}

    with local_stack("run", environment) as again:
        output = read_until(again, "Ctrl-C stops everything")
        again.send_signal(signal.SIGINT)
        again.wait(120)
    assert again.returncode == 0
    accepted = sum(entry["track_id"] is not None for entry in entries)
    assert output.count(": already decided: ") == accepted
    assert running_on(tmp_path / "home") == []


def test_an_interrupt_in_the_middle_of_the_screening_stops_everything(
    tmp_path: Path, environment: dict[str, str], ports: dict[str, str]
) -> None:
    with local_stack("demo", environment) as process:
        read_until(process, ": received")
        process.send_signal(signal.SIGINT)
        process.wait(120)

    assert process.returncode == 130
    assert not (tmp_path / "demo.json").exists()
    assert all(is_free(int(port)) for port in ports.values())
    assert running_on(tmp_path / "home") == []
