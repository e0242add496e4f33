"""The voice matcher as a process on a real Kafka: uploads in, findings out, the registry followed."""

import asyncio
import os
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from confluent_kafka import Consumer

from shared.events import (
    ArtistStatus,
    AudioRef,
    FindingRecorded,
    ProtectedArtist,
    TrackUploaded,
    Verdict,
    VoiceReference,
)
from shared.objects.folder import FolderStore
from shared.objects.store import StoredObject
from shared.stream.admin import create_topics
from shared.stream.confluent_publisher import ConfluentPublisher
from shared.stream.envelope import envelope
from shared.topics import ARTISTS, FINDINGS, UPLOADS
from tests.support.events import an_upload
from tests.support.processes import python, worker_settings
from tests.support.stack import Endpoints

SAMPLES = Path(__file__).parents[3] / "deploy" / "samples"
PATIENCE = 90.0


async def stored(store: FolderStore, name: str) -> StoredObject:
    async def body() -> AsyncIterator[bytes]:
        yield (SAMPLES / name).read_bytes()

    return await store.put(body(), limit_bytes=50_000_000)


async def upload_of(store: FolderStore, name: str) -> TrackUploaded:
    kept = await stored(store, name)
    now = datetime.now(UTC)
    upload = an_upload(
        track_id=str(uuid.uuid4()), event_id=str(uuid.uuid4()), occurred_at=now, received_at=now
    )
    audio = AudioRef(
        **upload.audio.model_dump() | {"uri": kept.uri, "sha256": kept.sha256, "bytes": kept.bytes}
    )
    return upload.model_copy(update={"audio": audio})


async def an_artist(store: FolderStore, artist_id: str, *names: str) -> ProtectedArtist:
    kept = [await stored(store, name) for name in names]
    return ProtectedArtist(
        event_id=str(uuid.uuid4()),
        occurred_at=datetime.now(UTC),
        artist_id=artist_id,
        name=artist_id,
        references=tuple(
            VoiceReference(uri=k.uri, sha256=k.sha256, seconds=10.0, rights_basis="test") for k in kept
        ),
        biometric_consent="given for this test",
    )


class Findings:
    """Reads ``tracks.findings`` from its start and keeps what this detector said of each track."""

    def __init__(self, bootstrap_servers: str) -> None:
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap_servers,
                "group.id": f"test-{uuid.uuid4()}",
                "auto.offset.reset": "earliest",
            }
        )
        self._consumer.subscribe([FINDINGS.name])
        self._by_track: dict[str, FindingRecorded] = {}

    def about(self, track: TrackUploaded) -> FindingRecorded:
        """Blocks until the finding is there."""
        return self._awaited(track, None)

    def after(self, finding: FindingRecorded) -> FindingRecorded:
        """Blocks until the track of ``finding`` has another."""
        return self._awaited(finding, finding)

    def _awaited(
        self, track: TrackUploaded | FindingRecorded, known: FindingRecorded | None
    ) -> FindingRecorded:
        until = time.monotonic() + PATIENCE
        while (latest := self._by_track.get(track.track_id)) is None or latest == known:
            assert time.monotonic() < until, "no finding in time"
            received = self._consumer.poll(0.2)
            if received is not None and received.error() is None:
                finding = FindingRecorded.from_bytes(received.value())
                if finding.detector == "voice_matcher":
                    self._by_track[finding.track_id] = finding
        return latest

    def close(self) -> None:
        self._consumer.close()


@pytest.fixture
async def publisher(endpoints: Endpoints) -> AsyncIterator[ConfluentPublisher]:
    create_topics(endpoints.bootstrap_servers, 3)
    async with ConfluentPublisher(endpoints.bootstrap_servers) as publisher:
        yield publisher


@pytest.fixture
async def findings(endpoints: Endpoints, publisher: ConfluentPublisher) -> AsyncIterator[Findings]:
    findings = Findings(endpoints.bootstrap_servers)
    yield findings
    findings.close()


def a_worker(endpoints: Endpoints, store: Path) -> AbstractAsyncContextManager[asyncio.subprocess.Process]:
    settings = worker_settings(endpoints) | {"TRACKGATE_STORE": str(store)}
    return python("-m", "services.voice_matcher", environment=os.environ | settings)


async def finding_on(
    name: str, store: FolderStore, publisher: ConfluentPublisher, findings: Findings
) -> FindingRecorded:
    track = await upload_of(store, name)
    await publisher.publish(envelope(UPLOADS, track, source="test"))
    return await asyncio.to_thread(findings.about, track)


async def verdict_on(
    name: str, artist_id: str, store: FolderStore, publisher: ConfluentPublisher, findings: Findings
) -> Verdict:
    finding = await finding_on(name, store, publisher, findings)
    return next((match.verdict for match in finding.matches if match.artist_id == artist_id), finding.verdict)


@pytest.mark.timeout(300)
async def test_uploads_are_judged_and_the_registry_is_followed_without_a_restart(
    endpoints: Endpoints, publisher: ConfluentPublisher, findings: Findings, tmp_path: Path
) -> None:
    store = FolderStore(tmp_path)
    liva, carlo = f"liva-{uuid.uuid4()}", f"carlo-{uuid.uuid4()}"
    references = ("references/liva-norrfjell-1.flac", "references/liva-norrfjell-2.flac")
    enrolled = await an_artist(store, liva, *references)
    await publisher.publish(envelope(ARTISTS, enrolled, source="test"))
    async with a_worker(endpoints, tmp_path) as worker:
        of = (store, publisher, findings)
        assert await verdict_on("tracks/night-shift.flac", liva, *of) is Verdict.MATCH
        before = await finding_on("tracks/il-centralino.flac", *of)
        assert before.verdict is Verdict.NO_MATCH
        assert await verdict_on("tracks/metal-madness.ogg", liva, *of) is Verdict.NOT_MEASURED

        later = await an_artist(store, carlo, "tracks/il-centralino.flac")
        await publisher.publish(envelope(ARTISTS, later, source="test"))
        gone = enrolled.model_copy(update={"status": ArtistStatus.WITHDRAWN})
        await publisher.publish(envelope(ARTISTS, gone, source="test"))
        async with asyncio.timeout(20):
            while await verdict_on("tracks/il-centralino.flac", carlo, *of) is not Verdict.MATCH:
                pass
        assert await verdict_on("tracks/night-shift.flac", liva, *of) is Verdict.NO_MATCH
        again = await asyncio.to_thread(findings.after, before)
        assert [(match.artist_id, match.verdict) for match in again.matches] == [(carlo, Verdict.MATCH)]
        worker.terminate()
        assert await asyncio.wait_for(worker.wait(), PATIENCE) == 0
