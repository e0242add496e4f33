"""A registry on fakes, with a clock that is moved by hand."""

import hashlib
import itertools
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from services.registry.adapters.people import People
from services.registry.api import create_app
from services.registry.artist_keys import ArtistKeys
from services.registry.artists import Artists
from services.registry.handlers import Distributors, Grants
from services.registry.routes.answering import Registry
from services.registry.webhooks import Webhooks
from shared.clock import SetClock
from shared.events import (
    ArtistKeyGiven,
    ConsentGrant,
    DistributorRegistered,
    EnrolmentProposed,
    ProtectedArtist,
    ReferencesChecked,
    VoiceprintSealed,
    WebhookRegistered,
)
from shared.http import Ready
from shared.webhooks.sealing import Seal
from tests.support.registry import (
    A_TIME,
    LABEL,
    OMAR,
    RITA,
    TOKEN,
    MemoryLedger,
    MemoryRecordings,
    MemoryVoiceprints,
    World,
)


@pytest.fixture
def make_key() -> Callable[[str], str]:
    numbers = itertools.count(1)
    return lambda distributor_id: f"tgk_{distributor_id}_{next(numbers)}"


@pytest.fixture
def people_file(tmp_path: Path) -> Path:
    file = tmp_path / "people.json"
    file.write_text(json.dumps([person.model_dump(mode="json") for person in (RITA, OMAR, LABEL)]))
    return file


@pytest.fixture
async def world(make_key: Callable[[str], str], people_file: Path) -> AsyncIterator[World]:
    artists, grants = MemoryLedger[ProtectedArtist](), MemoryLedger[ConsentGrant]()
    proposals, artist_keys = MemoryLedger[EnrolmentProposed](), MemoryLedger[ArtistKeyGiven]()
    distributors, recordings = MemoryLedger[DistributorRegistered](), MemoryRecordings()
    checks: dict[str, ReferencesChecked] = {}
    templates: dict[str, VoiceprintSealed] = {}
    voiceprints = MemoryVoiceprints(templates)
    secrets = itertools.count(1)
    clock = SetClock(A_TIME)
    registry = Registry(
        artists=Artists(
            artists, proposals, checks, distributors, recordings, voiceprints, clock, limit_bytes=1000
        ),
        grants=Grants(grants, artists, distributors, clock),
        distributors=Distributors(distributors, make_key, clock),
        webhooks=Webhooks(
            MemoryLedger[WebhookRegistered](),
            distributors,
            Seal(bytes(32)),
            clock,
            allowed_hosts=("hooks.internal",),
            make_secret=lambda: f"whsec_{next(secrets):04d}",
        ),
        artist_keys=ArtistKeys(artist_keys, artists, distributors, make_key, clock),
        artist_ledger=artists,
        proposal_ledger=proposals,
        grant_ledger=grants,
        distributor_ledger=distributors,
        templates=templates,
        clock=clock,
    )

    @asynccontextmanager
    async def open_registry() -> AsyncIterator[Registry]:
        yield registry

    async def well() -> Ready:
        return Ready()

    people = People(people_file, token_sha256=hashlib.sha256(TOKEN.encode()).hexdigest())
    app = create_app(open_registry, people=people, clock=clock, request_limit=10_000, checks={"broker": well})
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app, raise_app_exceptions=False),
            base_url="http://registry",
            headers={"Authorization": f"Bearer {TOKEN}"},
        ) as client,
    ):
        yield World(
            registry,
            artists,
            proposals,
            checks,
            grants,
            distributors,
            artist_keys,
            templates,
            recordings,
            voiceprints,
            clock,
            client,
        )
