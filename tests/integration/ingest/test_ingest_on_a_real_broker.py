"""Ingest as a process: a real broker, a real Redis, real files."""

import hashlib
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from redis import Redis

from deploy.local import broker_and_redis
from tests.integration.ingest.running import ROOT, Running, running, uploads
from tests.support.stack import Endpoints
from tests.unit.audio.sound import encoded, tone

FLAC = encoded(tone(1.0), "FLAC")
WORDS = json.dumps({"title": "Night Bus", "display_artist": "Ada Example"})
MIB = 1 << 20


@pytest.fixture(scope="module")
def ingest(endpoints: Endpoints, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("ingest")
    with running(endpoints.bootstrap_servers, endpoints.redis_url, folder, "it-acme") as started:
        yield started


def _eventually(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true"
        time.sleep(0.05)


def form(audio: bytes = FLAC, words: str = WORDS) -> dict[str, tuple[str | None, bytes]]:
    return {"metadata": (None, words.encode()), "audio": ("night-bus.flac", audio)}


def test_a_202_means_audio_on_disk_and_event_on_the_topic(ingest: Running, endpoints: Endpoints) -> None:
    answer = ingest.http.post("/v1/tracks", files=form(), headers={"Idempotency-Key": "one"})
    assert answer.status_code == 202, answer.text
    track_id = answer.json()["track_id"]
    (upload,) = [
        u for u in uploads(endpoints.bootstrap_servers, ingest.distributor_id) if u.track_id == track_id
    ]
    sha256 = hashlib.sha256(FLAC).hexdigest()
    assert upload.audio.sha256 == sha256
    assert (ingest.store / "sha256" / sha256[:2] / sha256[2:4] / sha256).read_bytes() == FLAC
    status = ingest.http.get(answer.json()["status_url"]).json()
    assert (status["state"], status["seconds"]) == ("received", 1.0)
    again = ingest.http.post("/v1/tracks", files=form(), headers={"Idempotency-Key": "one"})
    assert (again.status_code, again.json()["track_id"]) == (202, track_id)
    assert again.headers["idempotent-replayed"] == "true"
    other = ingest.http.post(
        "/v1/tracks", files=form(encoded(tone(0.5), "FLAC")), headers={"Idempotency-Key": "one"}
    )
    assert other.status_code == 422
    assert (
        sum(u.track_id == track_id for u in uploads(endpoints.bootstrap_servers, ingest.distributor_id)) == 1
    )


def test_views_that_redis_lost_are_rebuilt_from_kafka(ingest: Running, endpoints: Endpoints) -> None:
    words = json.dumps({"title": "Lost and Found", "display_artist": "Ada Example"})
    delivered = ingest.http.post("/v1/tracks", files=form(words=words), headers={"Idempotency-Key": "lost"})
    url = delivered.json()["status_url"]
    before = ingest.http.get("/v1/tracks").json()
    with Redis.from_url(endpoints.redis_url) as redis:
        own = [f"trackgate:track:{track['track_id']}" for track in before["tracks"]]
        redis.delete(*own, *redis.scan_iter(f"trackgate:*:{ingest.distributor_id}*"))
    assert ingest.http.get(url).status_code == 404
    done = subprocess.run(
        [sys.executable, "-m", "services.ingest", "rebuild-views"],
        cwd=ROOT,
        env=ingest.environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert "deliveries written" in done.stdout
    assert ingest.http.get(url).json()["state"] == "received"
    assert ingest.http.get("/v1/tracks").json() == before
    reused = ingest.http.post("/v1/tracks", files=form(), headers={"Idempotency-Key": "lost"})
    assert reused.status_code == 422


def test_watching_tells_of_a_change_when_it_happens(ingest: Running, endpoints: Endpoints) -> None:
    words = json.dumps({"title": "Watched", "display_artist": "Ada Example"})
    receipt = ingest.http.post("/v1/tracks", files=form(words=words)).json()
    (upload,) = [
        u
        for u in uploads(endpoints.bootstrap_servers, ingest.distributor_id)
        if u.track_id == receipt["track_id"]
    ]
    decision = {
        "event_id": "d1",
        "occurred_at": upload.received_at.isoformat(),
        "track_id": upload.track_id,
        "audio_sha256": upload.audio.sha256,
        "sequence": 1,
        "outcome": "publish",
        "reasons": [],
        "policy_version": "1",
    }

    def decide() -> None:
        with Redis.from_url(endpoints.redis_url) as redis:
            redis.hset(f"trackgate:track:{upload.track_id}", "decision:1", json.dumps(decision))
            redis.publish(f"trackgate:changes:{upload.track_id}", "decision:1")

    states = []
    with ingest.http.stream("GET", receipt["events_url"]) as stream:
        for line in stream.iter_lines():
            if line.startswith("data: "):
                states.append(json.loads(line.removeprefix("data: "))["state"])
                if states == ["received"]:
                    threading.Thread(target=decide).start()
    assert states == ["received", "publish"]


def test_the_process_needs_no_memory_for_the_size_of_a_file(ingest: Running) -> None:
    seconds = 1800
    second = (tone(1.0)[:44_100] * 32_767).astype("<i2").tobytes()
    size = len(second) * seconds
    assert size > 300 * MIB

    def wav() -> Iterator[bytes]:
        yield (
            b"RIFF"
            + struct.pack("<I", 36 + size)
            + b"WAVEfmt "
            + struct.pack("<IHHIIHH", 16, 1, 2, 44_100, 176_400, 4, 16)
        )
        yield b"data" + struct.pack("<I", size)
        for _ in range(seconds):
            yield second

    def body() -> Iterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="metadata"\r\n\r\n' + WORDS.encode()
        yield b'\r\n--x\r\nContent-Disposition: form-data; name="audio"; filename="long.wav"\r\n\r\n'
        yield from wav()
        yield b"\r\n--x--\r\n"

    before = ingest.resident_peak_bytes()
    answer = ingest.http.post(
        "/v1/tracks", content=body(), headers={"Content-Type": "multipart/form-data; boundary=x"}
    )
    assert answer.status_code == 202, answer.text
    assert ingest.http.get(answer.json()["status_url"]).json()["seconds"] == seconds
    assert ingest.resident_peak_bytes() - before < 40 * MIB


def test_a_client_that_goes_away_leaves_nothing(ingest: Running) -> None:
    port = ingest.http.base_url.port
    assert port is not None
    incoming = ingest.store / "incoming"
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(
            b"POST /v1/tracks HTTP/1.1\r\nHost: x\r\nAuthorization: "
            + ingest.http.headers["Authorization"].encode()
            + b"\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: 100000000\r\n\r\n"
            b'--x\r\nContent-Disposition: form-data; name="audio"\r\n\r\n' + b"\0" * 300_000
        )
        _eventually(lambda: any(incoming.iterdir()))
    _eventually(lambda: not any(incoming.iterdir()))


def test_a_taken_port_is_a_clear_message(ingest: Running) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "services.ingest"],
        cwd=ROOT,
        env=ingest.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2
    assert "is taken" in done.stderr


def test_without_redis_deliveries_go_on_and_states_wait(endpoints: Endpoints, tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nobody = f"redis://127.0.0.1:{closed.getsockname()[1]}/0"
        with running(endpoints.bootstrap_servers, nobody, tmp_path, "it-no-redis") as ingest:
            answer = ingest.http.post("/v1/tracks", files=form(), headers={"Idempotency-Key": "k"})
            assert answer.status_code == 202
            assert len(uploads(endpoints.bootstrap_servers, "it-no-redis")) == 1
            assert ingest.http.get(answer.json()["status_url"]).status_code == 503
            again = ingest.http.post("/v1/tracks", files=form(), headers={"Idempotency-Key": "k"})
            assert again.json() == answer.json()


def test_a_broker_that_stops_answering_means_503_and_no_promise(tmp_path: Path) -> None:
    with (
        broker_and_redis(tmp_path / "stack") as stack,
        running(stack.bootstrap_servers, stack.redis_url, tmp_path, "it-outage") as ingest,
    ):
        os.kill(stack.kafka_pid, signal.SIGSTOP)
        try:
            answer = ingest.http.post("/v1/tracks", files=form(), headers={"Idempotency-Key": "k"})
            assert answer.status_code == 503, answer.text
            assert answer.headers["content-type"] == "application/problem+json"
            assert ingest.http.get("/v1/tracks").json()["tracks"] == []
            assert ingest.http.get("/healthz").status_code == 503
        finally:
            os.kill(stack.kafka_pid, signal.SIGCONT)
        _eventually(lambda: ingest.http.get("/healthz").status_code == 200)
        answer = ingest.http.post("/v1/tracks", files=form(), headers={"Idempotency-Key": "k"})
        assert answer.status_code == 202
        found = uploads(stack.bootstrap_servers, "it-outage")
        assert {upload.track_id for upload in found} == {answer.json()["track_id"]}
