"""Speaking with the upload API."""

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.cli.adapters.sse import ServerEvent, server_events
from services.cli.adapters.tracks_api import TracksApi
from services.cli.problems import Refusal
from shared.errors import ContractError, TransientError

Answer = Callable[[httpx.Request], httpx.Response]


class Sleeper:
    def __init__(self) -> None:
        self.slept: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.slept.append(seconds)


def api(answer: Answer, sleep: Sleeper | None = None) -> TracksApi:
    client = httpx.AsyncClient(base_url="http://api", transport=httpx.MockTransport(answer))
    return TracksApi(client, sleep=sleep or Sleeper())


def told(state: str, **more: Any) -> dict[str, Any]:
    decided = {"outcome": state, "decided_at": "2026-06-01T12:00:09Z", "reasons": [], "labels": []}
    return {
        "track_id": "t1",
        "state": state,
        "final": state in {"publish", "label", "reject"},
        "received_at": "2026-06-01T12:00:00Z",
        "decision": None if state == "received" else decided,
        **more,
    }


def stream(*states: str) -> httpx.Response:
    events = "".join(f": ping\n\nevent: track\ndata: {json.dumps(told(state))}\n\n" for state in states)
    return httpx.Response(200, headers={"content-type": "text/event-stream"}, text=events)


def problem(status: int, **headers: str) -> httpx.Response:
    body = {"title": "No", "status": status, "errors": [{"field": "metadata.title", "reason": "is empty"}]}
    return httpx.Response(
        status, json=body, headers={name.replace("_", "-"): text for name, text in headers.items()}
    )


@pytest.fixture
def song(tmp_path: Path) -> Path:
    path = tmp_path / "song.flac"
    path.write_bytes(b"x" * 200_000)
    return path


class TestDelivering:
    async def test_metadata_goes_before_the_audio_and_progress_is_told(self, song: Path) -> None:
        bodies: list[bytes] = []

        def answer(request: httpx.Request) -> httpx.Response:
            bodies.append(request.content)
            assert request.headers["content-length"] == str(len(request.content))
            return httpx.Response(202, json={"track_id": "t1"})

        done: list[int] = []
        track_id = await api(answer).deliver(song, {"title": "Größe"}, done.append)

        assert track_id == "t1"
        assert bodies[0].index('{"title": "Größe"}'.encode()) < bodies[0].index(b"x" * 1000)
        assert b'name="audio"; filename="song.flac"' in bodies[0]
        assert done[-1] == 200_000
        assert sorted(done) == done

    async def test_a_refusal_names_field_and_reason(self, song: Path) -> None:
        with pytest.raises(Refusal, match=r"No: metadata\.title: is empty") as refusal:
            await api(lambda _request: problem(422)).deliver(song, {}, lambda _done: None)
        assert refusal.value.status == 422

    async def test_come_again_later_is_followed_with_the_whole_file(self, song: Path) -> None:
        answers = [problem(503, retry_after="7"), problem(429), httpx.Response(202, json={"track_id": "t1"})]
        sizes: list[int] = []

        def answer(request: httpx.Request) -> httpx.Response:
            sizes.append(len(request.content))
            return answers.pop(0)

        sleep = Sleeper()
        assert await api(answer, sleep).deliver(song, {}, lambda _done: None) == "t1"
        assert sleep.slept == [7.0, 1.0]
        assert len(set(sizes)) == 1

    async def test_a_wait_until_tomorrow_is_not_waited_for(self, song: Path) -> None:
        sleep = Sleeper()
        with pytest.raises(Refusal):
            await api(lambda _r: problem(429, retry_after="40000"), sleep).deliver(song, {}, lambda _d: None)
        assert sleep.slept == []


class TestWatching:
    async def states(self, watched: TracksApi) -> list[str]:
        return [track.state async for track in watched.watch("t1")]

    async def test_it_tells_every_change_until_it_is_final(self) -> None:
        watched = api(lambda _request: stream("received", "quarantine", "publish"))
        assert await self.states(watched) == ["received", "quarantine", "publish"]

    async def test_a_lost_connection_is_taken_up_again(self) -> None:
        answers = [stream("received"), stream("received", "label")]
        assert await self.states(api(lambda _request: answers.pop(0))) == ["received", "received", "label"]

    async def test_a_service_that_is_gone_for_good_is_given_up(self) -> None:
        def refuse(request: httpx.Request) -> httpx.Response:
            raise httpx.ConnectError("refused", request=request)

        sleep = Sleeper()
        with pytest.raises(TransientError, match="does not answer"):
            await self.states(api(refuse, sleep))
        assert sleep.slept == [1.0, 2.0, 4.0]

    async def test_a_track_of_somebody_else_is_refused_at_once(self) -> None:
        sleep = Sleeper()
        with pytest.raises(Refusal):
            await self.states(api(lambda _request: problem(404), sleep))
        assert sleep.slept == []

    async def test_nonsense_is_a_broken_contract(self) -> None:
        with pytest.raises(ContractError):
            await self.states(api(lambda _request: httpx.Response(200, text="event: track\ndata: {}\n\n")))


async def test_server_sent_events_are_read_as_the_standard_says() -> None:
    async def lines() -> AsyncIterator[str]:
        for line in (
            ":comment",
            "",
            "data: a",
            "data:b",
            "",
            "event: x",
            "id: 7",
            "data: c",
            "",
            "data: cut",
        ):
            yield line

    assert [event async for event in server_events(lines())] == [
        ServerEvent("message", "a\nb"),
        ServerEvent("x", "c"),
    ]
