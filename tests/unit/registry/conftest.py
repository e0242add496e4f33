"""A registry on fakes, with a clock that is moved by hand."""

import hashlib
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import httpx
import pytest

from services.registry.api import Registry, create_app
from services.registry.handlers import Artists, Distributors, Grants
from services.registry.webhooks import Webhooks
from shared.clock import SetClock
from shared.events import ConsentGrant, DistributorRegistered, ProtectedArtist, WebhookRegistered
from shared.http import Ready
from shared.webhooks.sealing import Seal
from tests.support.registry import TOKEN, MemoryLedger, MemoryRecordings, World


@pytest.fixture
def make_key() -> Callable[[str], str]:
    numbers = itertools.count(1)
    return lambda distributor_id: f"tgk_{distributor_id}_{next(numbers)}"


@pytest.fixture
async def world(make_key: Callable[[str], str]) -> AsyncIterator[World]:
    artists, grants = MemoryLedger[ProtectedArtist](), MemoryLedger[ConsentGrant]()
    distributors, recordings = MemoryLedger[DistributorRegistered](), MemoryRecordings()
    secrets = itertools.count(1)
    clock = SetClock(datetime(2026, 6, 1, 12, tzinfo=UTC))
    registry = Registry(
        artists=Artists(artists, distributors, recordings, clock, limit_bytes=1000),
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
        artist_ledger=artists,
        grant_ledger=grants,
        distributor_ledger=distributors,
        clock=clock,
    )

    @asynccontextmanager
    async def open_registry() -> AsyncIterator[Registry]:
        yield registry

    async def well() -> Ready:
        return Ready()

    app = create_app(
        open_registry,
        token_sha256=hashlib.sha256(TOKEN.encode()).hexdigest(),
        request_limit=10_000,
        checks={"broker": well},
    )
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app, raise_app_exceptions=False),
            base_url="http://registry",
            headers={"Authorization": f"Bearer {TOKEN}"},
        ) as client,
    ):
        yield World(registry, artists, grants, distributors, recordings, clock, client)
