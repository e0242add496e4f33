"""What the registry touches, as fakes: ledgers in memory, recordings in a dict, checks as they are told."""

import hashlib
import io
import json
from collections.abc import AsyncIterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

import httpx

from services.registry.domain import Recording, Refused
from services.registry.people import Person, Role
from services.registry.proposals import CHECKERS
from services.registry.routes.answering import Registry
from shared.clock import SetClock
from shared.errors import ObjectMissing, ObjectTooLarge, StoreUnavailable, SystemicError
from shared.events import (
    ArtistKeyGiven,
    ConsentGrant,
    DistributorRegistered,
    EnrolmentProposed,
    Event,
    Fitness,
    Neighbour,
    ProtectedArtist,
    ReferenceCheck,
    ReferencesChecked,
    VoiceprintSealed,
)
from shared.objects.store import StoredObject

E = TypeVar("E", bound=Event)
TOKEN = "the administrators' token"  # noqa: S105 - of a test
A_TIME = datetime(2026, 6, 1, 12, tzinfo=UTC)
ADA: dict[str, Any] = {
    "name": "Ada Voice",
    "isni": "0000 0001 2281 955X",
    "aliases": ["A. Voice"],
    "biometric_consent": "Signed by Ada on paper on 2026-01-02.",
    "consent": {"given_by": "Ada Voice", "given_at": "2026-01-02T10:00:00Z", "wording": "2026-11"},
    "authority": {"statement": "The artist herself, identified by her label."},
    "rights_basis": "own recording",
}


def a_person(person_id: str, role: Role = Role.REGISTRAR, *artists: str) -> Person:
    """Whose token is ``token of <id>``."""
    digest = hashlib.sha256(f"token of {person_id}".encode()).hexdigest()
    return Person(
        person_id=person_id,
        name=person_id.title(),
        role=role,
        artists=frozenset(artists),
        token_sha256=digest,
    )


RITA, OMAR = a_person("rita"), a_person("omar")
LABEL = a_person("label", Role.RIGHTS_HOLDER, "ada")


@dataclass
class MemoryLedger(Generic[E]):
    """``said`` is everything that was ever recorded, in order. ``broken`` refuses like a lost broker."""

    said: list[E] = field(default_factory=list)
    broken: bool = False

    @property
    def current(self) -> dict[str, E]:
        return {event.partition_key: event for event in self.said}

    async def record(self, event: E) -> None:
        if self.broken:
            raise SystemicError("the broker is gone")
        self.said.append(event)


@dataclass
class MemoryRecordings:
    """Ten seconds at 44.1 kHz, unless ``findings`` says otherwise for a file name."""

    kept: dict[str, bytes] = field(default_factory=dict)
    findings: dict[str, Recording | Refused] = field(default_factory=dict)
    broken: bool = False
    elsewhere: bool = False
    """What is kept lies in another store."""

    async def put(self, chunks: AsyncIterable[bytes], *, limit_bytes: int) -> StoredObject:
        body = io.BytesIO()
        async for chunk in chunks:
            body.write(chunk)
        if body.tell() > limit_bytes:
            raise ObjectTooLarge(f"more than {limit_bytes} bytes")
        sha256 = hashlib.sha256(body.getvalue()).hexdigest()
        self.kept[f"memory://{sha256}"] = body.getvalue()
        return StoredObject(f"memory://{sha256}", sha256, body.tell())

    async def remove(self, uri: str) -> None:
        if self.broken:
            raise StoreUnavailable("the disk is gone")
        if self.elsewhere:
            raise ObjectMissing("not an object that this store wrote")
        self.kept.pop(uri, None)

    async def inspect(self, uri: str, file_name: str) -> Recording | Refused:
        assert uri in self.kept
        return self.findings.get(file_name, Recording(seconds=10.0, sample_rate=44_100, silent=False))


@dataclass
class MemoryVoiceprints:
    """Keys by artist with a number of their own; ``deeds`` in the order in which they were done."""

    templates: dict[str, VoiceprintSealed]
    keys: dict[str, int] = field(default_factory=dict)
    deeds: list[tuple[str, str, str]] = field(default_factory=list)
    broken: bool = False

    async def make_key(self, artist_id: str, *, by: str) -> None:
        if artist_id not in self.keys:
            self.keys[artist_id] = len(self.deeds)
            self.deeds.append(("make_key", artist_id, by))

    async def forget(self, artist_id: str, *, by: str) -> None:
        if self.broken:
            raise SystemicError("the folder of keys is gone")
        self.keys.pop(artist_id, None)
        self.templates.pop(artist_id, None)
        self.deeds.append(("forget", artist_id, by))

    def has_template(self, artist_id: str) -> bool:
        return artist_id in self.templates


@dataclass
class World:
    """The registry with everything it touches, and a client that holds the administrators' token."""

    registry: Registry
    artists: MemoryLedger[ProtectedArtist]
    proposals: MemoryLedger[EnrolmentProposed]
    checks: dict[str, ReferencesChecked]
    grants: MemoryLedger[ConsentGrant]
    distributors: MemoryLedger[DistributorRegistered]
    artist_keys: MemoryLedger[ArtistKeyGiven]
    templates: dict[str, VoiceprintSealed]
    recordings: MemoryRecordings
    voiceprints: MemoryVoiceprints
    clock: SetClock
    client: httpx.AsyncClient

    async def propose(
        self, artist_id: str = "ada", *files: tuple[str, bytes], by: str | None = None, **changes: Any
    ) -> httpx.Response:
        return await self.client.put(
            f"/v1/artists/{artist_id}",
            files=[
                ("artist", (None, json.dumps({**ADA, **changes}))),
                *(("references", file) for file in files or (("a.flac", b"sound of " + artist_id.encode()),)),
            ],
            headers=self.as_person(by),
        )

    def checked(
        self,
        artist_id: str = "ada",
        *,
        by: tuple[str, ...] = CHECKERS,
        fitness: Fitness = Fitness.FIT,
        codes: tuple[str, ...] = (),
        neighbours: tuple[Neighbour, ...] = (),
    ) -> None:
        """The detectors have looked at the last proposal, and say this of every recording."""
        last = self.proposals.current[artist_id]
        for checker in by:
            check = ReferencesChecked(
                event_id=f"{last.proposal_id}-{checker}",
                occurred_at=self.clock.at,
                artist_id=artist_id,
                proposal_id=last.proposal_id,
                checker=checker,
                model_version="test-1",
                references=tuple(
                    ReferenceCheck(sha256=one.sha256, fitness=fitness, codes=codes, seconds_of_voice=9.0)
                    for one in last.references
                ),
                neighbours=neighbours if checker == "voice_matcher" else (),
                compared_with=len(neighbours),
            )
            self.checks[check.partition_key] = check

    async def approve(
        self, artist_id: str = "ada", *, by: str | None = "omar", accepting: str = ""
    ) -> httpx.Response:
        last = self.proposals.current[artist_id]
        body = {"proposal_id": last.proposal_id, "accepting": accepting}
        return await self.client.post(
            f"/v1/proposals/{artist_id}/approve", json=body, headers=self.as_person(by)
        )

    async def protect(
        self, artist_id: str = "ada", *files: tuple[str, bytes], **changes: Any
    ) -> httpx.Response:
        """Proposed by the administrator, checked, approved by another person; the artist as the API tells."""
        proposed = await self.propose(artist_id, *files, **changes)
        assert proposed.status_code == 202, proposed.text
        self.checked(artist_id)
        approved = await self.approve(artist_id)
        assert approved.status_code == 200, approved.text
        return await self.client.get(f"/v1/artists/{artist_id}")

    def as_person(self, person_id: str | None) -> dict[str, str]:
        return {} if person_id is None else {"Authorization": f"Bearer token of {person_id}"}
