"""Services that start before their broker answers: they wait for it, and say why when it does not come."""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from deploy.local.ports import free_ports
from services.policy.__main__ import main as policy_command
from shared.errors import SystemicError
from shared.events import DistributorRegistered
from shared.stream import compacted
from shared.stream.admin import create_topics
from shared.stream.compacted import CompactedTopic
from shared.stream.confluent_publisher import ConfluentPublisher
from shared.stream.envelope import envelope
from shared.topics import DISTRIBUTORS
from tests.support.stack import Endpoints

DROPPED = 40
"""Connections: more than the client tries in several of its shortened questions."""


class Door:
    """Hangs up on the first callers, then lets them through to the broker."""

    def __init__(self, bootstrap_servers: str) -> None:
        host, _, port = bootstrap_servers.partition(":")
        self._to = (host, int(port))
        self._calls = 0

    @property
    def opened(self) -> bool:
        return self._calls > DROPPED

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._calls += 1
        if self.opened:
            inner, outer = await asyncio.open_connection(*self._to)
            with contextlib.suppress(ConnectionError):
                await asyncio.gather(_carry(reader, outer), _carry(inner, writer))
        writer.close()


async def _carry(source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
    while chunk := await source.read(65_536):
        to.write(chunk)
        await to.drain()
    to.close()


@pytest.fixture
async def door(endpoints: Endpoints) -> AsyncIterator[tuple[Door, str]]:
    door = Door(endpoints.bootstrap_servers)
    async with await asyncio.start_server(door.answer, "127.0.0.1", 0) as server:
        yield door, f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.fixture
def short_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compacted, "_ANSWER_SECONDS", 0.5)
    monkeypatch.setattr(compacted, "_PAUSE_SECONDS", 0.1)


@pytest.mark.usefixtures("short_questions")
async def test_a_registry_is_read_from_a_broker_that_answers_only_after_a_while(
    endpoints: Endpoints, door: tuple[Door, str]
) -> None:
    create_topics(endpoints.bootstrap_servers, 3)
    registered = DistributorRegistered(
        event_id=str(uuid.uuid4()),
        occurred_at=datetime.now(UTC),
        distributor_id=f"late-{uuid.uuid4().hex[:8]}",
        name="Late",
        api_key_sha256="a" * 64,
    )
    async with ConfluentPublisher(endpoints.bootstrap_servers) as publisher:
        await publisher.publish(envelope(DISTRIBUTORS, registered, source="test"))
    closed, address = door
    async with CompactedTopic(DISTRIBUTORS, DistributorRegistered, address) as known:
        assert closed.opened
        assert known.current[registered.distributor_id] == registered


@pytest.mark.usefixtures("short_questions")
async def test_a_broker_that_never_answers_is_named_as_the_reason_and_said_once(
    capfd: pytest.CaptureFixture[str],
) -> None:
    (port,) = free_ports(1)
    topic = CompactedTopic(DISTRIBUTORS, DistributorRegistered, f"127.0.0.1:{port}", start_seconds=2.0)
    with pytest.raises(SystemicError, match=r"within 2 s: .*Broker transport failure"):
        await topic.__aenter__()
    await topic.__aexit__(None, None, None)
    assert capfd.readouterr().err == ""


def test_a_command_without_its_redis_ends_in_a_sentence(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (port,) = free_ports(1)
    monkeypatch.setenv("TRACKGATE_REDIS", f"redis://127.0.0.1:{port}/0")
    assert policy_command(["explain", str(uuid.uuid4())]) == 70
    told = capfd.readouterr().err
    assert told.startswith("Redis: ")
    assert "TRACKGATE_REDIS says where it is" in told
    assert len(told.splitlines()) == 1
