"""Submitting several files and following them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from services.cli.metadata import Metadata
from services.cli.problems import Refusal
from services.cli.screening import Accepted, Decided, Failed, Result, Submission, Undecided, submit
from services.cli.tracks import Track
from shared.errors import TransientError


def track(track_id: str, state: str) -> Track:
    return Track.model_validate(
        {"track_id": track_id, "state": state, "final": False, "received_at": "2026-06-01T12:00:00Z"}
    )


@dataclass
class Service:
    """Accepts what is called ``ok…``, tells the states in ``fate``, and never ends the others' streams."""

    fate: dict[str, list[str]] = field(default_factory=dict)
    uploading: int = 0
    most: int = 0

    async def deliver(self, path: Path, _metadata: Metadata, on_bytes: Callable[[int], None]) -> str:
        self.uploading += 1
        self.most = max(self.most, self.uploading)
        on_bytes(1)
        await asyncio.sleep(0)
        self.uploading -= 1
        if path.name == "lost":
            raise httpx.ConnectError("refused")
        if path.name == "gone":
            raise FileNotFoundError(2, "No such file")
        if not path.name.startswith("ok"):
            raise Refusal(422, "The audio cannot be accepted")
        return f"track of {path.name}"

    async def watch(self, track_id: str) -> AsyncIterator[Track]:
        for state in self.fate.get(track_id, ["received"]):
            if state == "broken":
                raise TransientError("the upload API does not answer")
            yield track(track_id, state)
        await asyncio.Event().wait()


@dataclass
class Shown:
    states: dict[int, list[str]] = field(default_factory=dict)

    def sent(self, index: int, done: int) -> None:
        self.states.setdefault(index, []).append(f"{done} byte")

    def state(self, index: int, text: str) -> None:
        self.states.setdefault(index, []).append(text)


async def run(
    service: Service, *names: str, watch: bool = True, parallel: int = 2
) -> tuple[list[Result], Shown]:
    shown = Shown()
    submissions = [Submission(Path(name), {}) for name in names]
    results = await submit(service, submissions, shown, watch=watch, parallel=parallel, patience_seconds=0.2)
    return results, shown


async def test_each_is_followed_to_its_decision_in_the_order_given() -> None:
    service = Service({"track of ok1": ["received", "quarantine"], "track of ok2": ["publish"]})
    results, shown = await run(service, "ok1", "ok2")
    assert [result.track.state for result in results if isinstance(result, Decided)] == [
        "quarantine",
        "publish",
    ]
    assert shown.states[0] == ["uploading", "1 byte", "accepted", "screening", "screening"]


async def test_without_watching_accepted_is_enough() -> None:
    results, _shown = await run(Service(), "ok", watch=False)
    assert results == [Accepted("track of ok")]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("text.flac", "The audio cannot be accepted"),
        ("lost", "the service does not answer (ConnectError)"),
        ("gone", "cannot read the file: No such file"),
    ],
)
async def test_one_that_is_not_accepted_does_not_hold_up_the_others(name: str, reason: str) -> None:
    results, shown = await run(Service({"track of ok": ["label"]}), name, "ok")
    assert results[0] == Failed(reason)
    assert isinstance(results[1], Decided)
    assert shown.states[0][-1] == "refused"


async def test_a_decision_that_does_not_come_is_no_decision() -> None:
    (result,), _shown = await run(Service(), "ok")
    assert isinstance(result, Undecided)
    assert "no decision within 0.2 s" in result.reason


async def test_nor_is_one_that_cannot_be_watched_for() -> None:
    (result,), _shown = await run(Service({"track of ok": ["broken"]}), "ok")
    assert result == Undecided("track of ok", "the upload API does not answer")


async def test_only_so_many_upload_at_the_same_time() -> None:
    service = Service()
    await run(service, *(f"ok{number}" for number in range(6)), watch=False, parallel=2)
    assert service.most == 2
