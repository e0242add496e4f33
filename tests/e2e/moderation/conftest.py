from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from shared.stream.admin import create_topics
from tests.e2e.chromium import chromium
from tests.e2e.moderation.world import World, a_world
from tests.support.stack import Endpoints, a_stack


@pytest.fixture(scope="module")
def own_endpoints(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoints]:
    """A broker and a Redis of each module's own: the pages list and count every case there is."""
    with a_stack(tmp_path_factory) as endpoints:
        create_topics(endpoints.bootstrap_servers, 3)
        yield endpoints


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("desk")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(own_endpoints: Endpoints, home: Path) -> AsyncIterator[World]:
    async with a_world(own_endpoints, home) as world:
        yield world


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as browser:
        yield browser
