"""The registry as it runs: real broker, real store, real decoder."""

import asyncio
import contextlib
import hashlib
import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import soundfile

from services.registry.main import build
from services.registry.people import Person, Role
from services.registry.proposals import CHECKERS
from services.registry.settings import RegistrySettings
from shared.events import (
    ArtistStatus,
    DistributorRegistered,
    Fitness,
    ProtectedArtist,
    ReferenceCheck,
    ReferencesChecked,
)
from shared.objects.folder import FolderStore
from shared.stream.admin import create_topics
from shared.stream.compacted import CompactedTopic
from shared.stream.confluent_publisher import ConfluentPublisher
from shared.stream.envelope import envelope
from shared.topics import ARTISTS, CHECKS, DISTRIBUTORS
from tests.integration.registry.running import until
from tests.support.stack import Endpoints

ROOT = Path(__file__).resolve().parents[3]
TOKEN = "token of a test"  # noqa: S105 - it is
SECOND = "token of a second person"
ARTIST = {
    "name": "Ada Voice",
    "biometric_consent": "signed by Ada on 2026-01-02",
    "consent": {"given_by": "Ada Voice", "given_at": "2026-01-02T10:00:00Z"},
    "authority": {"statement": "the artist herself, for this test"},
    "rights_basis": "own",
}


@pytest.fixture
def settings(endpoints: Endpoints, tmp_path: Path) -> RegistrySettings:
    create_topics(endpoints.bootstrap_servers, 3)
    return RegistrySettings(
        kafka=endpoints.bootstrap_servers,
        store=tmp_path / "objects",
        registry_token_sha256=hashlib.sha256(TOKEN.encode()).hexdigest(),
        registry_people=_second_person(tmp_path / "people.json"),
    )


def _second_person(file: Path) -> Path:
    digest = hashlib.sha256(SECOND.encode()).hexdigest()
    omar = Person(person_id="omar", name="Omar", role=Role.REGISTRAR, token_sha256=digest)
    file.write_text(json.dumps([omar.model_dump(mode="json")]))
    return file


@contextlib.asynccontextmanager
async def running(settings: RegistrySettings) -> AsyncIterator[httpx.AsyncClient]:
    app = build(settings)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app),
            base_url="http://registry",
            headers={"Authorization": f"Bearer {TOKEN}"},
            timeout=60,
        ) as client,
    ):
        yield client


@pytest.fixture
def recording(tmp_path: Path) -> bytes:
    """Five seconds of noise at 16 kHz, no two alike: what another artist has too is not removed."""
    noise = np.random.default_rng(uuid.uuid4().int).standard_normal(5 * 16_000).astype(np.float32) * 0.1
    path = tmp_path / "noise.flac"
    soundfile.write(path, noise, 16_000)
    return path.read_bytes()


def a_name(what: str) -> str:
    return f"{what}-{uuid.uuid4().hex[:8]}"


async def enrol(
    client: httpx.AsyncClient, artist_id: str, recording: bytes, **changes: Any
) -> httpx.Response:
    return await client.put(
        f"/v1/artists/{artist_id}",
        files=[
            ("artist", (None, json.dumps({**ARTIST, **changes}))),
            ("references", ("take.flac", recording)),
        ],
    )


async def protect(
    settings: RegistrySettings, client: httpx.AsyncClient, artist_id: str, recording: bytes, **changes: Any
) -> httpx.Response:
    """Proposed, found fit by both detectors (played by this test), approved by the second person."""
    proposed = await enrol(client, artist_id, recording, **changes)
    assert proposed.status_code == 202, proposed.text
    told = proposed.json()
    async with ConfluentPublisher(settings.kafka) as publisher:
        for checker in CHECKERS:
            check = ReferencesChecked(
                event_id=f"{told['proposal_id']}-{checker}",
                occurred_at=datetime.now(UTC),
                artist_id=artist_id,
                proposal_id=told["proposal_id"],
                checker=checker,
                model_version="test",
                references=tuple(
                    ReferenceCheck(sha256=one["sha256"], fitness=Fitness.FIT) for one in told["references"]
                ),
            )
            await publisher.publish(envelope(CHECKS, check, source="test"))
    path = f"/v1/proposals/{artist_id}"
    await until(lambda: _told(client, path), lambda proposal: not proposal["waiting_for"])
    headers = {"Authorization": f"Bearer {SECOND}"}
    answer = {"proposal_id": told["proposal_id"]}
    approved = await client.post(f"{path}/approve", json=answer, headers=headers)
    assert approved.status_code == 200, approved.text
    return await client.get(f"/v1/artists/{artist_id}")


async def _told(client: httpx.AsyncClient, path: str) -> Any:
    return (await client.get(path)).json()


def objects(settings: RegistrySettings) -> list[str]:
    return [path.name for path in settings.store.rglob("*") if path.is_file()]


async def test_what_was_acknowledged_is_known_after_a_restart(
    settings: RegistrySettings, recording: bytes
) -> None:
    artist, distributor, grant = a_name("ada"), a_name("acme"), a_name("grant")
    async with running(settings) as client:
        new = await client.post("/v1/distributors", json={"name": distributor})
        assert new.status_code == 201
        enrolled = await protect(settings, client, artist, recording, own_distributors=[distributor])
        assert enrolled.status_code == 200, enrolled.text
        body = {
            "artist_id": artist,
            "grantee": distributor,
            "uses": ["sampling"],
            "valid_until": "2030-01-01T00:00:00Z",
            "granted_by": "Ada Voice",
        }
        given = await client.put(f"/v1/grants/{grant}", json=body)
        assert given.status_code == 200, given.text

    async with running(settings) as client:
        assert (await client.get(f"/v1/artists/{artist}")).json() == enrolled.json()
        assert (await client.get(f"/v1/grants/{grant}")).json() == given.json()
        assert (await client.get(f"/v1/distributors/{distributor}")).status_code == 200
        assert (await client.get("/healthz")).json()["ready"] is True
    async with CompactedTopic(DISTRIBUTORS, DistributorRegistered, settings.kafka) as known:
        digest = hashlib.sha256(new.json()["api_key"].encode()).hexdigest()
        assert known.current[distributor].api_key_sha256 == digest


async def test_a_withdrawal_reaches_every_reader_and_removes_the_voice_but_no_upload(
    settings: RegistrySettings, recording: bytes
) -> None:
    artist = a_name("ada")
    seen = asyncio.Queue[ProtectedArtist]()

    def on_change(key: str, event: ProtectedArtist | None) -> None:
        if key == artist and event is not None:
            seen.put_nowait(event)

    async def same_bytes() -> AsyncIterator[bytes]:
        yield recording

    upload = await FolderStore(settings.store).put(same_bytes(), limit_bytes=len(recording))
    async with (
        CompactedTopic(ARTISTS, ProtectedArtist, settings.kafka, on_change=on_change),
        running(settings) as client,
    ):
        enrolled = (await protect(settings, client, artist, recording)).json()
        assert enrolled["references"][0]["seconds"] == 5.0
        (reference,) = (await asyncio.wait_for(seen.get(), 30)).references
        assert FolderStore(settings.store).local_path(reference.uri).read_bytes() == recording

        await client.post(f"/v1/artists/{artist}/withdraw")
        told = [await asyncio.wait_for(seen.get(), 30) for _ in range(2)]

    assert [(event.status, len(event.references)) for event in told] == [
        (ArtistStatus.WITHDRAWN, 1),
        (ArtistStatus.WITHDRAWN, 0),
    ]
    assert FolderStore(settings.store).local_path(upload.uri).read_bytes() == recording
    assert len(objects(settings)) == 1


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"words that pose as FLAC", "recording-not-audio"), (b"fLaC and then nothing of it", "recording-")],
)
async def test_what_the_decoder_refuses_is_not_kept(
    settings: RegistrySettings, content: bytes, code: str
) -> None:
    async with running(settings) as client:
        answer = await enrol(client, a_name("ada"), content)
    assert answer.status_code == 422
    assert f":{code}" in answer.json()["type"]
    assert objects(settings) == []


def test_without_a_token_the_process_says_so_and_does_not_start(endpoints: Endpoints, tmp_path: Path) -> None:
    environment = os.environ | {
        "TRACKGATE_KAFKA": endpoints.bootstrap_servers,
        "TRACKGATE_STORE": str(tmp_path),
    }
    ended = subprocess.run(
        [sys.executable, "-m", "services.registry"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 2
    assert "TRACKGATE_REGISTRY_TOKEN_SHA256" in ended.stderr


def test_the_process_serves_with_a_token_of_its_own_and_stops_when_asked(
    endpoints: Endpoints, tmp_path: Path, unused_port: int
) -> None:
    create_topics(endpoints.bootstrap_servers, 3)
    token_file = tmp_path / "token"
    environment = os.environ | {
        "TRACKGATE_KAFKA": endpoints.bootstrap_servers,
        "TRACKGATE_STORE": str(tmp_path / "objects"),
        "TRACKGATE_REGISTRY_TOKEN_FILE": str(token_file),
        "TRACKGATE_REGISTRY_PORT": str(unused_port),
    }
    with subprocess.Popen(
        [sys.executable, "-m", "services.registry"], cwd=ROOT, env=environment, stderr=subprocess.DEVNULL
    ) as process:
        try:
            transport = httpx.HTTPTransport(retries=8)  # with growing pauses, until it listens
            with httpx.Client(
                base_url=f"http://127.0.0.1:{unused_port}", transport=transport, timeout=30
            ) as client:
                assert client.get("/healthz").status_code == 200
                assert client.get("/v1/artists").status_code == 401
                headers = {"Authorization": f"Bearer {token_file.read_text().strip()}"}
                assert client.get("/v1/artists", headers=headers).status_code == 200
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
