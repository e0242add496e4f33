"""Ingest as its own process on a real broker, and a client for it."""

import asyncio
import contextlib
import hashlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from shared.events import DistributorRegistered, TrackUploaded
from shared.stream.admin import create_topics
from shared.stream.confluent_publisher import ConfluentPublisher
from shared.stream.envelope import envelope
from shared.topics import DISTRIBUTORS, UPLOADS

ROOT = Path(__file__).resolve().parents[3]
PARTITIONS = 3


@dataclass(frozen=True)
class Running:
    """One ingest process. ``distributor_id`` is registered with ``key``."""

    process: "subprocess.Popen[bytes]"
    http: httpx.Client
    distributor_id: str
    store: Path
    environment: dict[str, str]

    def resident_peak_bytes(self) -> int:
        """VmHWM of the process: the most memory it ever held (proc(5))."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        (line,) = [line for line in status.splitlines() if line.startswith("VmHWM:")]
        return int(line.split()[1]) * 1024


def register(bootstrap_servers: str, distributor_id: str) -> str:
    """Put a distributor on its topic, as the registry does; returns the API key."""
    key = f"tgk_{distributor_id}"
    event = DistributorRegistered(
        event_id=distributor_id,
        occurred_at=datetime.now(UTC),
        distributor_id=distributor_id,
        name="Northwind Distribution",
        api_key_sha256=hashlib.sha256(key.encode()).hexdigest(),
    )

    async def publish() -> None:
        async with ConfluentPublisher(bootstrap_servers) as publisher:
            await publisher.publish(envelope(DISTRIBUTORS, event, source="test"))

    asyncio.run(publish())
    return key


@contextlib.contextmanager
def running(bootstrap_servers: str, redis_url: str, folder: Path, distributor_id: str) -> Iterator[Running]:
    create_topics(bootstrap_servers, PARTITIONS)
    key = register(bootstrap_servers, distributor_id)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {
        "TRACKGATE_KAFKA": bootstrap_servers,
        "TRACKGATE_REDIS": redis_url,
        "TRACKGATE_STORE": str(folder / "objects"),
        "TRACKGATE_INGEST_PORT": str(port),
        "TRACKGATE_INGEST_PUBLISH_SECONDS": "3",
    }
    with (folder / "ingest.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "services.ingest"], cwd=ROOT, env=environment, stdout=log, stderr=log
        )
    headers = {"Authorization": f"Bearer {key}"}
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=60) as http:
            _until_ready(process, http, folder / "ingest.log")
            yield Running(process, http, distributor_id, folder / "objects", environment)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise


def _until_ready(process: "subprocess.Popen[bytes]", http: httpx.Client, log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        with contextlib.suppress(httpx.TransportError):
            if http.get("/healthz").status_code == 200:
                return
        time.sleep(0.1)
    raise AssertionError(f"ingest did not become ready:\n{log.read_text()}")


def uploads(bootstrap_servers: str, distributor_id: str) -> list[TrackUploaded]:
    """Everything of this distributor that lies on tracks.uploaded now."""
    consumer = Consumer({"bootstrap.servers": bootstrap_servers, "group.id": "look", "log_level": 3})
    found = []
    try:
        for number in consumer.list_topics(UPLOADS.name, timeout=10).topics[UPLOADS.name].partitions:
            partition = TopicPartition(UPLOADS.name, number, OFFSET_BEGINNING)
            first, behind = consumer.get_watermark_offsets(partition, timeout=10)
            consumer.assign([partition])
            for _ in range(first, behind):
                received = consumer.poll(10)
                assert received is not None
                assert received.error() is None
                found.append(TrackUploaded.from_bytes(received.value()))
    finally:
        consumer.close()
    return [upload for upload in found if upload.distributor_id == distributor_id]
