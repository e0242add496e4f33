"""A moderators' desk in a running system: Kafka, Redis, policy, moderation worker and API, real tracks."""

import asyncio
import contextlib
import json
import os
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from deploy.local.ports import free_ports
from services.moderation.adapters.reviewers import add_reviewer
from services.moderation.domain.access import Role
from services.moderation.domain.cases import case_id_of
from shared.audio import Inspected, inspect_audio
from shared.events import (
    AiUse,
    AppealFiled,
    ArtistMatch,
    AudioRef,
    Contributor,
    Declaration,
    Event,
    FindingRecorded,
    Passage,
    ProtectedArtist,
    TimeRange,
    TrackUploaded,
    Verdict,
)
from shared.objects.folder import FolderStore
from shared.stream.confluent_publisher import ConfluentPublisher
from shared.stream.envelope import envelope
from shared.topics import APPEALS, ARTISTS, FINDINGS, UPLOADS, Topic
from tests.support.processes import a_process, answers
from tests.support.stack import Endpoints

SAMPLES = Path(__file__).parents[3] / "deploy" / "samples" / "tracks"
PATIENCE = 90.0
_TOPICS: dict[type[Event], Topic] = {topic.event: topic for topic in (UPLOADS, FINDINGS, ARTISTS, APPEALS)}

LIVA = ProtectedArtist(
    event_id="artist-liva",
    occurred_at=datetime(2026, 1, 1, tzinfo=UTC),
    artist_id="liva-norrfjell",
    name="Liva Norrfjell",
    own_distributors=("artist-direct",),
    biometric_consent="a test's",
)


@dataclass(frozen=True)
class World:
    address: str
    tokens: Mapping[str, str]
    publisher: ConfluentPublisher
    store: FolderStore

    def client(self, reviewer: str) -> httpx.AsyncClient:
        """An API client that is signed in with the reviewer's Bearer token."""
        headers = {"Authorization": f"Bearer {self.tokens[reviewer]}"}
        return httpx.AsyncClient(base_url=self.address, headers=headers, timeout=20)

    async def deliver(self, sample: str, **declared: Any) -> TrackUploaded:
        """A delivery as ingest announces it, with the sample's bytes in the store."""
        path = SAMPLES / sample
        inspected = await asyncio.to_thread(inspect_audio, path)
        assert isinstance(inspected, Inspected)

        async def chunks() -> AsyncIterator[bytes]:
            yield path.read_bytes()

        stored = await self.store.put(chunks(), limit_bytes=1 << 30)
        now = datetime.now(UTC)
        distributor_id = declared.pop("distributor_id", "northwind-distribution")
        received_at = now - declared.pop("ago", timedelta())
        upload = TrackUploaded(
            event_id=str(uuid.uuid4()),
            occurred_at=received_at,
            track_id=str(uuid.uuid4()),
            distributor_id=distributor_id,
            declaration=Declaration(**declared),
            audio=AudioRef(
                uri=stored.uri,
                sha256=stored.sha256,
                bytes=stored.bytes,
                container=inspected.container,
                codec=inspected.codec,
                sample_rate=inspected.sample_rate,
                channels=inspected.channels,
                frames=inspected.frames,
            ),
            file_name=sample,
            received_at=received_at,
        )
        await self.publish(upload)
        return upload

    async def publish(self, *events: Event) -> None:
        for event in events:
            await self.publisher.publish(envelope(_TOPICS[type(event)], event, source="test"))

    async def until(self, reviewer: str, path: str, wanted: Callable[[Any], bool]) -> Any:
        """What ``GET path`` answers, as soon as it is as wanted."""
        async with asyncio.timeout(PATIENCE), self.client(reviewer) as client:
            while True:
                answer = await client.get(path)
                if answer.status_code == httpx.codes.OK and wanted(body := answer.json()):
                    return body
                await asyncio.sleep(0.1)


def a_finding(of: TrackUploaded, detector: str, verdict: Verdict, **measured: Any) -> FindingRecorded:
    return FindingRecorded(
        event_id=str(uuid.uuid4()),
        occurred_at=datetime.now(UTC),
        track_id=of.track_id,
        audio_sha256=of.audio.sha256,
        detector=detector,
        model_version=measured.pop("model_version", "2026.11"),
        verdict=verdict,
        seconds_measured=of.audio.seconds,
        **measured,
    )


def an_appeal(upload: TrackUploaded, decision_id: str) -> AppealFiled:
    return AppealFiled(
        event_id=str(uuid.uuid4()),
        occurred_at=datetime.now(UTC),
        track_id=upload.track_id,
        decision_id=decision_id,
        distributor_id=upload.distributor_id,
        text="We have the session files of the band.",
    )


def passages(*marks: tuple[float, float, float]) -> tuple[Passage, ...]:
    return tuple(Passage(range=TimeRange(start=a, end=b), score=score) for a, b, score in marks)


async def cloned_voice(world: World, title: str = "Borrowed Light") -> TrackUploaded:
    """A track that claims to be human and carries a protected artist's voice."""
    upload = await world.deliver(
        "borrowed-voice.flac",
        title=title,
        display_artist="Neon Fjord",
        isrc="ZZTGD2600077",
        ai_use=AiUse.NONE,
        release_date=datetime.now(UTC).date() + timedelta(days=2),
        contributors=(
            Contributor(name="Neon Fjord", role="MainArtist", ai_use=AiUse.NONE),
            Contributor(name="J. Berg", role="Composer", ai_use=AiUse.NONE),
        ),
    )
    length = upload.audio.seconds
    await world.publish(
        a_finding(
            upload,
            "ai_detector",
            Verdict.LIKELY_GENERATED,
            score=0.83,
            threshold=0.5,
            probability=0.97,
            passages=passages((0, length * 0.4, 0.71), (length * 0.5, length * 0.95, 0.9)),
            measurements={"comb_prominence_db": 11.4, "lattice_hz": 344.53, "codec": "flac"},
        ),
        a_finding(
            upload,
            "voice_matcher",
            Verdict.MATCH,
            matches=(
                ArtistMatch(
                    artist_id="liva-norrfjell",
                    verdict=Verdict.MATCH,
                    score=0.71,
                    probability=0.98,
                    threshold=0.55,
                    passages=passages(
                        (length * 0.1, length * 0.3, 0.74), (length * 0.55, length * 0.8, 0.69)
                    ),
                ),
            ),
        ),
    )
    return upload


async def denied_generation(world: World, title: str = "Paper Comets", **declared: Any) -> TrackUploaded:
    """A track that is declared to be without AI and measured as generated."""
    upload = await world.deliver(
        "paper-comets.flac",
        title=title,
        display_artist=declared.pop("display_artist", "Glass Orchard"),
        ai_use=AiUse.NONE,
        **declared,
    )
    await world.publish(
        a_finding(
            upload,
            "ai_detector",
            Verdict.LIKELY_GENERATED,
            score=0.66,
            threshold=0.5,
            probability=0.91,
            passages=passages((0, upload.audio.seconds, 0.66)),
            measurements={"comb_prominence_db": 8.2},
        ),
        a_finding(upload, "voice_matcher", Verdict.NO_MATCH, score=0.22, threshold=0.55),
    )
    return upload


async def failed_detector(world: World) -> TrackUploaded:
    upload = await world.deliver(
        "night-shift.flac", title="Night Shift", display_artist="Die Nachtwache", distributor_id="southgate"
    )
    await world.publish(
        a_finding(upload, "ai_detector", Verdict.ERROR, reason="The model ran out of memory."),
        a_finding(upload, "voice_matcher", Verdict.NO_MATCH, score=0.1, threshold=0.55),
    )
    return upload


async def claimed_name(world: World) -> TrackUploaded:
    """A track that puts a protected artist's name forward without consent."""
    upload = await world.deliver(
        "harbour-poem.flac",
        title="Harbour Poem (feat. Liva Norrfjell)",
        display_artist="Anonymous",
        distributor_id="southgate",
        release_date=datetime.now(UTC).date() + timedelta(days=30),
    )
    await world.publish(
        a_finding(upload, "ai_detector", Verdict.NOT_DETECTED, score=0.12, threshold=0.5, probability=0.04),
        a_finding(upload, "voice_matcher", Verdict.NO_MATCH, score=0.31, threshold=0.55, probability=0.02),
    )
    return upload


async def resembling_account(world: World) -> list[TrackUploaded]:
    """Four tracks of one account; the last three resemble a protected artist's voice and none is a match.

    The last one comes when the two before it are held, so that its decision knows of them.
    """
    uploads = [await _echo(world, "glass-orchard.flac", "Orchard in Glass", None)]
    uploads.append(await _echo(world, "slow-engines.flac", "Slow Engines", 0.55))
    uploads.append(await _echo(world, "lost-demo.flac", "Lost Demo", 0.5))
    for upload in uploads[1:]:
        path = f"/v1/cases/{case_id_of(upload.track_id)}"
        await world.until("vic", path, lambda body: body["case"]["state"] == "open")
    uploads.append(await _echo(world, "switchboard-songs.flac", "Switchboard", 0.6))
    return uploads


async def _echo(world: World, sample: str, title: str, likely: float | None) -> TrackUploaded:
    upload = await world.deliver(sample, title=title, display_artist="Echo Parlour")
    resembles = ArtistMatch(
        artist_id="liva-norrfjell",
        verdict=Verdict.POSSIBLE,
        score=3.2,
        probability=likely or 0.0,
        threshold=2.7,
        passages=passages((0, upload.audio.seconds / 2, 3.3)),
    )
    await world.publish(
        a_finding(upload, "ai_detector", Verdict.NOT_DETECTED, score=0.1, threshold=0.5, probability=0.1),
        a_finding(
            upload,
            "voice_matcher",
            Verdict.POSSIBLE if likely else Verdict.NO_MATCH,
            matches=(resembles,) if likely else (),
            measurements={"prior": 0.01, "match_probability": 0.75},
        ),
    )
    return upload


@contextlib.asynccontextmanager
async def a_world(endpoints: Endpoints, home: Path) -> AsyncIterator[World]:
    reviewers = home / "reviewers.json"
    tokens = {
        reviewer: add_reviewer(reviewers, reviewer, name, role)
        for reviewer, name, role in (
            ("ada", "Ada Lovelace", Role.MODERATOR),
            ("ben", "Ben Okri", Role.MODERATOR),
            ("sam", "Sam Senior", Role.SENIOR),
            ("vic", "Vic Viewer", Role.VIEWER),
        )
    }
    (port,) = free_ports(1)
    environment = {
        **os.environ,
        "TRACKGATE_KAFKA": endpoints.bootstrap_servers,
        "TRACKGATE_REDIS": endpoints.redis_url,
        "TRACKGATE_STORE": str(home / "objects"),
        "TRACKGATE_HEALTH_PORT": "0",
        "TRACKGATE_SESSION_SECONDS": "6",
        "TRACKGATE_RETRY_SECONDS": "[1, 2]",
        "TRACKGATE_POLICY_DEADLINE_SECONDS": "600",
        "TRACKGATE_POLICY_REQUIRED_DETECTORS": '["ai_detector", "voice_matcher"]',
        "TRACKGATE_MODERATION_PORT": str(port),
        "TRACKGATE_MODERATION_REVIEWERS": str(reviewers),
        "TRACKGATE_MODERATION_AUDIT": str(home / "audit.jsonl"),
        "TRACKGATE_MODERATION_RESEND_SECONDS": "2",
        "TRACKGATE_MODERATION_UNDO_SECONDS": "4",
        "TRACKGATE_MODERATION_BULK_UNDO_SECONDS": "15",
    }
    store = FolderStore(home / "objects")
    async with (
        ConfluentPublisher(endpoints.bootstrap_servers) as publisher,
        a_process(environment, home, "services.policy"),
        a_process(environment, home, "services.moderation", "worker"),
        a_process(environment, home, "services.moderation", "api"),
    ):
        world = World(f"http://127.0.0.1:{port}", tokens, publisher, store)
        await world.publish(LIVA)
        await answers(f"{world.address}/healthz", seconds=PATIENCE)
        yield world


def audited(home: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (home / "audit.jsonl").read_text().splitlines()]
