"""The registry and the detectors that check its proposals, each a process of its own on a real broker."""

import asyncio
import contextlib
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from services.registry.adapters.people import add_person
from services.registry.people import Role
from shared.events import VoiceprintSealed
from shared.stream.admin import create_topics
from shared.topics import VOICEPRINTS
from tests.support.stack import Endpoints

ROOT = Path(__file__).resolve().parents[3]
SAMPLES = ROOT / "deploy" / "samples"
PATIENCE = 150.0
ADMINISTRATOR = "token of a test"


@dataclass(frozen=True)
class RunningRegistry:
    """``tokens`` are those of rita and omar (registrars); ``environment`` is what every process is told."""

    url: str
    tokens: Mapping[str, str]
    environment: Mapping[str, str]
    folder: Path

    def client(self, person: str) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {self.tokens[person]}"}
        return httpx.AsyncClient(base_url=self.url, headers=headers, timeout=60)

    @contextlib.contextmanager
    def detector(self, name: str) -> Iterator["subprocess.Popen[bytes]"]:
        """One worker; its log lies in the folder."""
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", f"services.{name}"],
                cwd=ROOT,
                env={**self.environment, "TRACKGATE_HEALTH_PORT": "0"},
                stdout=log,
                stderr=log,
            )
        try:
            yield process
        finally:
            _stop(process)

    def deeds(self) -> list[tuple[str, str]]:
        """What the access log holds of whom, in order."""
        file = self.folder / "vault" / "access.jsonl"
        lines = [json.loads(line) for line in file.read_text().splitlines()]
        return [(line["deed"], line.get("artist_id", "")) for line in lines]


@contextlib.contextmanager
def running_registry(endpoints: Endpoints, folder: Path) -> Iterator[RunningRegistry]:
    create_topics(endpoints.bootstrap_servers, 3)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    people = folder / "people.json"
    tokens = {name: add_person(people, name, name.title(), Role.REGISTRAR) for name in ("rita", "omar")}
    environment = os.environ | {
        "TRACKGATE_KAFKA": endpoints.bootstrap_servers,
        "TRACKGATE_REDIS": endpoints.redis_url,
        "TRACKGATE_STORE": str(folder / "objects"),
        "TRACKGATE_PARTITIONS": "3",
        "TRACKGATE_SESSION_SECONDS": "6",
        "TRACKGATE_RETRY_SECONDS": "[2, 10]",
        "TRACKGATE_REGISTRY_PORT": str(port),
        "TRACKGATE_REGISTRY_PEOPLE": str(people),
        "TRACKGATE_REGISTRY_TOKEN_SHA256": hashlib.sha256(ADMINISTRATOR.encode()).hexdigest(),
        "TRACKGATE_VOICEPRINT_KEYS": str(folder / "vault" / "keys"),
        "TRACKGATE_VOICEPRINT_MASTER_KEY_FILE": str(folder / "vault" / "master" / "key"),
        "TRACKGATE_VOICEPRINT_LOG": str(folder / "vault" / "access.jsonl"),
    }
    url = f"http://127.0.0.1:{port}"
    with (folder / "registry.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "services.registry"], cwd=ROOT, env=environment, stdout=log, stderr=log
        )
    try:
        _until_ready(url, process, folder / "registry.log")
        yield RunningRegistry(url, tokens, environment, folder)
    finally:
        _stop(process)


def form(name: str) -> str:
    return json.dumps(
        {
            "name": name,
            "biometric_consent": "given on paper for this test of the registry",
            "consent": {"given_by": name, "given_at": "2026-01-02T10:00:00Z"},
            "authority": {"statement": "the artist herself, for this test"},
            "rights_basis": "own",
        }
    )


async def proposed(client: httpx.AsyncClient, artist_id: str, *files: Path) -> dict[str, Any]:
    parts: list[Any] = [("artist", (None, form(artist_id)))]
    parts += [("references", (file.name, file.read_bytes())) for file in files]
    answer = await client.put(f"/v1/artists/{artist_id}", files=parts)
    assert answer.status_code == 202, answer.text
    return dict(answer.json())


async def told(client: httpx.AsyncClient, path: str) -> dict[str, Any]:
    return dict((await client.get(path)).json())


async def protected(registry: RunningRegistry, artist_id: str, *files: Path) -> None:
    """Proposed by rita, checked by the detectors, which must run, and approved by omar."""
    async with registry.client("rita") as rita, registry.client("omar") as omar:
        await proposed(rita, artist_id, *files)
        path = f"/v1/proposals/{artist_id}"
        checked = await until(lambda: told(omar, path), lambda proposal: not proposal["waiting_for"])
        accepting = "The samples are what they are: a test needs no better."
        reason = {"proposal_id": checked["proposal_id"], "accepting": accepting}
        answer = await omar.post(f"{path}/approve", json=reason)
        assert answer.status_code == 200, answer.text
        await until(
            lambda: told(omar, f"/v1/artists/{artist_id}"),
            lambda known: known["template_made_at"] is not None,
        )


async def until(ask: Callable[[], Awaitable[Any]], come: Callable[[Any], bool]) -> Any:
    """What ``ask`` answers once it has come."""
    async with asyncio.timeout(PATIENCE):
        while not come(told := await ask()):  # noqa: ASYNC110 - another process is asked
            await asyncio.sleep(0.3)
    return told


def voiceprint_records(bootstrap_servers: str, artist_id: str) -> list[VoiceprintSealed | None]:
    """Everything that Kafka still holds under the artist's key, in order; None: a tombstone."""
    consumer = Consumer({"bootstrap.servers": bootstrap_servers, "group.id": "reads-old-bytes"})
    try:
        _, high = consumer.get_watermark_offsets(TopicPartition(VOICEPRINTS.name, 0), timeout=10)
        consumer.assign([TopicPartition(VOICEPRINTS.name, 0, OFFSET_BEGINNING)])
        found: list[VoiceprintSealed | None] = []
        while high and (received := consumer.poll(10)) is not None:
            if received.error() is None and received.key() == artist_id.encode():
                value = received.value()
                found.append(None if value is None else VoiceprintSealed.from_bytes(value))
            if received.offset() is not None and received.offset() + 1 >= high:
                break
        return found
    finally:
        consumer.close()


def _until_ready(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        assert process.poll() is None, log.read_text()
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{url}/healthz", timeout=5).status_code == 200:
                return
        assert time.monotonic() < until, log.read_text()
        time.sleep(0.2)


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
