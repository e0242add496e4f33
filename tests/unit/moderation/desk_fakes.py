"""What the moderation service touches, as fakes, and a small world to play in."""

import hashlib
from collections import defaultdict
from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from services.moderation.adapters.peaks import NoWaveform, Waveform
from services.moderation.adapters.reviewers import Reviewers
from services.moderation.desk import Desk
from services.moderation.domain.access import Reviewer, Role
from services.moderation.domain.bulk import Jobs
from services.moderation.domain.cases import case_id_of, summarise
from services.moderation.domain.changes import READY, Change
from services.moderation.domain.due import WITHIN_A_DAY
from services.moderation.domain.past import NoPast, Past
from services.moderation.domain.sessions import Opened, Session
from services.moderation.references import Artists, NoArtists
from services.moderation.settings import LABELS
from services.moderation.web.app import Parts, create_app
from services.moderation.web.dashboards import DashboardParts
from services.moderation.web.office import Office
from shared.clock import SetClock
from shared.errors import ObjectMissing, PublishError
from shared.events import (
    AudioRef,
    DecisionMade,
    Outcome,
    Reason,
    ReviewResolved,
    RuleTrace,
    TrackUploaded,
)
from shared.http import Ready, probes
from shared.objects.store import StoredObject
from shared.stream.message import Record
from shared.views.tracks import TrackEvent, TrackView, field_of, fold
from tests.support.events import an_upload, track_id
from tests.unit.moderation.memory_jobs import MemoryJobs
from tests.unit.moderation.memory_queue import MemoryQueue

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
TOKENS = {"ada": "token-of-ada", "ben": "token-of-ben", "sam": "token-of-sam", "vic": "token-of-vic"}
ROLES = {"ada": Role.MODERATOR, "ben": Role.MODERATOR, "sam": Role.SENIOR, "vic": Role.VIEWER}


def a_decision(
    number: int = 1, outcome: Outcome = Outcome.QUARANTINE, sequence: int = 1, **changes: object
) -> DecisionMade:
    decision = DecisionMade(
        event_id=f"decision-{number}-{sequence}",
        occurred_at=NOW + timedelta(seconds=sequence),
        track_id=track_id(number),
        audio_sha256="ab" * 32,
        sequence=sequence,
        outcome=outcome,
        reasons=(
            Reason(
                code="ai_contradicts_declaration",
                text="Declared without AI, likely generated.",
                rule="denied-but-detected",
            ),
        ),
        policy_version="default-1",
        trace=(RuleTrace(rule="denied-but-detected", matched=True, why="declared none"),),
        priority=50,
    )
    return decision.model_copy(update=changes)


@dataclass
class MemoryTracks:
    fields: defaultdict[str, dict[str, bytes]] = field(default_factory=lambda: defaultdict(dict))

    def record(self, *events: TrackEvent) -> None:
        for event in events:
            self.fields[event.track_id][field_of(event)] = event.to_bytes()

    async def view(self, track: str) -> TrackView | None:
        return fold(self.fields[track]) if track in self.fields else None

    async def of(self, track: str) -> TrackUploaded | None:
        view = await self.view(track)
        return view.upload if view else None


@dataclass
class MemoryPublisher:
    """``failures``: so many publishes are refused first."""

    failures: int = 0
    records: list[Record] = field(default_factory=list)

    async def publish(self, record: Record) -> None:
        if self.failures:
            self.failures -= 1
            raise PublishError("no broker")
        self.records.append(record)

    @property
    def reviews(self) -> list[ReviewResolved]:
        return [ReviewResolved.from_bytes(record.value) for record in self.records]


@dataclass
class MemorySessions:
    clock: SetClock
    lasts: timedelta = timedelta(hours=10)
    kept: dict[str, Session] = field(default_factory=dict)

    async def open(self, reviewer: Reviewer, *, provider_token: str | None = None) -> Opened:
        secret = f"secret-{len(self.kept)}"
        self.kept[secret] = Session(
            reviewer.reviewer_id,
            f"csrf-{secret}",
            self.clock.now() + self.lasts,
            reviewer if provider_token is not None else None,
            provider_token,
        )
        return Opened(self.kept[secret], secret, self.lasts)

    async def find(self, secret: str) -> Session | None:
        session = self.kept.get(secret)
        return session if session and session.until > self.clock.now() else None

    async def close(self, secret: str) -> None:
        self.kept.pop(secret, None)


@dataclass
class MemoryAudit:
    entries: list[dict[str, object]] = field(default_factory=list)

    async def record(self, deed: str, *, reviewer_id: str, **about: str | int | None) -> None:
        self.entries.append({"deed": deed, "reviewer_id": reviewer_id, **about})

    @property
    def deeds(self) -> list[object]:
        return [entry["deed"] for entry in self.entries]


class FlatWaveforms:
    async def of(self, audio: AudioRef) -> Waveform | NoWaveform:
        return Waveform(audio.seconds, audio.seconds, (50, 100), (20, 40))


class QuietChanges:
    async def watch(self, *, seconds: float) -> AsyncIterator[Change]:  # noqa: ARG002 - the port's
        yield READY


@dataclass
class OneObject:
    path: Path

    async def put(self, chunks: AsyncIterable[bytes], *, limit_bytes: int) -> StoredObject:
        raise NotImplementedError

    def local_path(self, uri: str) -> Path:
        if not self.path.exists():
            raise ObjectMissing(uri)
        return self.path


@dataclass
class DeskWorld:
    """The app on fakes. ``hold`` puts a track into the queue as the worker would."""

    audio: Path
    clock: SetClock = field(default_factory=lambda: SetClock(NOW))
    publisher: MemoryPublisher = field(default_factory=MemoryPublisher)
    tracks: MemoryTracks = field(default_factory=MemoryTracks)
    audit: MemoryAudit = field(default_factory=MemoryAudit)
    past: Past = field(default_factory=NoPast)
    artists: Artists = field(default_factory=NoArtists)

    def __post_init__(self) -> None:
        self.queue = MemoryQueue(self.clock)
        self.sessions = MemorySessions(self.clock)
        self.desk = Desk(self.queue, self.publisher, frozenset(label.code for label in LABELS))
        self.reviewers = Reviewers(
            tuple(
                Reviewer(
                    reviewer_id=name,
                    name=name.title(),
                    role=ROLES[name],
                    token_sha256=hashlib.sha256(token.encode()).hexdigest(),
                )
                for name, token in TOKENS.items()
            )
        )

    def app(self, *, jobs: Jobs | None = None, dashboards: DashboardParts | None = None) -> FastAPI:
        async def fine() -> Ready:
            return Ready()

        return create_app(
            Parts(
                jobs=jobs or MemoryJobs(),
                office=Office(self.queue, self.desk, self.tracks, self.audit),
                reviewers=self.reviewers,
                sessions=self.sessions,
                waveforms=FlatWaveforms(),
                changes=QuietChanges(),
                store=OneObject(self.audio),
                labels=LABELS,
                clock=self.clock,
                probes=probes({"fine": fine}),
                past=self.past,
                artists=self.artists,
                dashboards=dashboards,
            )
        )

    async def hold(self, number: int = 1, **changes: Any) -> str:
        upload, decision = an_upload(number), a_decision(number, **changes)
        self.tracks.record(upload, decision)
        await self.queue.open(WITHIN_A_DAY.due(summarise(decision, upload)))
        return case_id_of(decision.track_id)
