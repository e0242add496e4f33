"""The sweep beside a running ingest: a real broker, real files."""

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.ingest.running import ROOT, Running, running
from tests.support.stack import Endpoints
from tests.unit.audio.sound import encoded, tone

WORDS = json.dumps({"title": "Night Bus", "display_artist": "Ada Example"})
DAYS = 3 * 24 * 3600


@pytest.fixture(scope="module")
def ingest(endpoints: Endpoints, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("sweeping")
    with running(endpoints.bootstrap_servers, endpoints.redis_url, folder, "it-sweeping") as started:
        yield started


def deliver(ingest: Running, audio: bytes, words: str) -> tuple[int, Path]:
    """Audio first, so that it is stored before its metadata is refused; then three days pass."""
    answer = ingest.http.post(
        "/v1/tracks", files=[("audio", ("a.flac", audio)), ("metadata", (None, words.encode()))]
    )
    sha256 = hashlib.sha256(audio).hexdigest()
    path = ingest.store / "sha256" / sha256[:2] / sha256[2:4] / sha256
    then = time.time() - DAYS
    os.utime(path, (then, then))
    return answer.status_code, path


def swept(ingest: Running, *arguments: str) -> "subprocess.CompletedProcess[str]":
    argv = [sys.executable, "-m", "services.cli", "sweep", *arguments]
    return subprocess.run(
        argv, cwd=ROOT, env=ingest.environment, capture_output=True, text=True, timeout=120, check=False
    )


def test_only_what_belongs_to_no_track_goes(ingest: Running) -> None:
    shared, lonely = encoded(tone(1.0), "FLAC"), encoded(tone(1.5), "FLAC")
    assert deliver(ingest, lonely, "{}")[0] == 422
    assert deliver(ingest, shared, "{}")[0] == 422
    status, track = deliver(ingest, shared, WORDS)
    assert status == 202
    orphan = ingest.store / _place(lonely)
    counted = swept(ingest)
    assert (counted.returncode, counted.stderr) == (0, "")
    assert counted.stdout.startswith("would remove")
    assert orphan.exists()
    removed = swept(ingest, "--remove")
    assert removed.stdout.startswith(f"removed 1 objects of {len(lonely)} bytes"), removed.stderr
    assert not orphan.exists()
    assert track.read_bytes() == shared


def _place(audio: bytes) -> Path:
    sha256 = hashlib.sha256(audio).hexdigest()
    return Path("sha256") / sha256[:2] / sha256[2:4] / sha256
