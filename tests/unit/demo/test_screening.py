"""Samples are delivered by their distributors and followed to a settled decision."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.local.results import Decided, Refused, Screened, Undecided
from deploy.local.screening import Screening
from deploy.samples.manifest import Sample, load_manifest
from services.cli.problems import Refusal
from services.cli.tracks import Decision, Finding, Note, Track
from shared.errors import TransientError

TODAY = date(2026, 3, 1)
SAMPLE = load_manifest().samples[0]
SIZES = {sample.path: sample.path.stat().st_size for sample in load_manifest().samples}


def told(outcome: str | None, *reasons: str, decided_at: datetime | None = None) -> Track:
    now = datetime.now(UTC) + timedelta(seconds=1)
    decision = outcome and Decision(
        outcome=outcome,
        reasons=tuple(Note(code=code, text=code) for code in reasons),
        decided_at=decided_at or now,
    )
    return Track(
        track_id="t-1",
        state=outcome or "received",
        final=False,
        received_at=(decided_at or now) - timedelta(seconds=7),
        decision=decision or None,
        findings=(Finding(detector="ai_detector", verdict="not_detected"),),
    )


class Api:
    """Answers deliveries with ``answers``, one after the other, and tells ``changes``, then stays silent."""

    def __init__(self, *changes: Track, answers: tuple[str | Exception, ...] = ("t-1",)) -> None:
        self.changes = changes
        self.answers = list(answers)
        self.delivered: list[dict[str, Any]] = []

    async def deliver(self, path: Path, metadata: dict[str, Any], on_bytes: Callable[[int], None]) -> str:
        self.delivered.append(metadata)
        on_bytes(SIZES[path])
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def watch(self, track_id: str) -> AsyncIterator[Track]:
        assert track_id == "t-1"
        for change in self.changes:
            yield change
        await asyncio.Event().wait()


class Seen:
    def __init__(self) -> None:
        self.bytes_sent = 0
        self.states: list[str] = []
        self.results: list[Screened] = []

    def sent(self, _index: int, done: int) -> None:
        self.bytes_sent = done

    def state(self, _index: int, text: str) -> None:
        self.states.append(text)

    def ended(self, _index: int, screened: Screened) -> None:
        self.results.append(screened)


async def screen(
    api: Api, *samples: Sample, patience_s: float = 0.2, check: Callable[[], None] = lambda: None
) -> tuple[list[Screened], Seen]:
    view = Seen()
    distributors = {"northwind-distribution": api, "artist-direct": api}
    screening = Screening(distributors, view, today=TODAY, patience_s=patience_s)
    return await screening.screen(samples or (SAMPLE,), check), view


async def test_a_sample_is_delivered_as_the_manifest_declares_it_and_followed_to_its_decision() -> None:
    api = Api(told(None), told("publish", "nothing_found"))

    (one,), view = await screen(api)

    assert one.outcome == "publish"
    assert one.given == Decided(api.changes[1], one.given.seconds, repeated=False)
    assert api.delivered[0]["title"] == SAMPLE.title
    assert api.delivered[0]["release_date"] == (TODAY + timedelta(days=SAMPLE.release_in_days)).isoformat()
    assert view.bytes_sent == SIZES[SAMPLE.path]
    assert view.results == [one]
    assert "screening: ai_detector not_detected" in view.states


async def test_a_track_decided_before_is_shown_with_the_time_that_it_took_then() -> None:
    before = told("publish", "nothing_found", decided_at=datetime.now(UTC) - timedelta(hours=1))

    (one,), _ = await screen(Api(before))

    assert one.given == Decided(before, 7.0, repeated=True)


async def test_a_decision_for_want_of_a_finding_is_waited_past() -> None:
    (one,), _ = await screen(Api(told("quarantine", "finding_missing"), told("label", "ai_declared")))

    assert one.outcome == "label"


async def test_such_a_decision_counts_when_nothing_better_comes() -> None:
    (one,), _ = await screen(Api(told("quarantine", "finding_missing")))

    assert one.outcome == "quarantine"


async def test_without_a_decision_it_is_told_which_finding_is_missing() -> None:
    (one,), _ = await screen(Api(told(None)))

    assert isinstance(one.given, Undecided)
    assert one.given.track_id == "t-1"
    assert "the finding of voice_matcher and of fingerprint is missing" in one.given.why


async def test_a_refusal_is_a_result_and_an_outage_is_none() -> None:
    fault = ("audio", "the file is not audio (not_audio)")
    no = Refusal(422, "The audio cannot be accepted", "", (fault,))
    out = Refusal(503, "Something this service needs does not answer")

    (refused,), _ = await screen(Api(answers=(no,)))
    (undecided,), _ = await screen(Api(answers=(out,)))

    assert isinstance(refused.given, Refused)
    assert refused.reasons == ("not_audio",)
    assert isinstance(undecided.given, Undecided)


async def test_a_delivery_whose_connection_broke_is_made_again() -> None:
    broken = httpx.ReadError("the connection broke")
    api = Api(told("publish", "nothing_found"), answers=(broken, "t-1"))

    (one,), _ = await screen(api, patience_s=10.0)

    assert one.outcome == "publish"
    assert len(api.delivered) == 2


async def test_a_track_is_watched_on_while_ingest_is_started_again() -> None:
    class Restarting(Api):
        watches = 0

        async def watch(self, track_id: str) -> AsyncIterator[Track]:
            self.watches += 1
            if self.watches < 3:
                raise TransientError("the upload API does not answer")
            async for change in super().watch(track_id):
                yield change

    (one,), _ = await screen(Restarting(told("publish", "nothing_found")), patience_s=10.0)

    assert one.outcome == "publish"


async def test_results_come_in_the_order_of_the_samples() -> None:
    samples = load_manifest().samples[:4]
    api = Api(told("publish"), answers=("t-1",) * 4)

    results, _ = await screen(api, *samples)

    assert [one.sample for one in results] == list(samples)


async def test_a_service_that_is_lost_ends_the_screening() -> None:
    def lost() -> None:
        raise RuntimeError("policy is not started again")

    with pytest.raises(RuntimeError, match="policy"):
        await screen(Api(), patience_s=60.0, check=lost)
