"""Decisions in, the queue brought up to date."""

from datetime import timedelta

import pytest

from services.moderation.domain.cases import CaseState, case_id_of
from services.moderation.domain.looking import Filter
from services.moderation.handlers import DecisionHandler
from shared.clock import SetClock
from shared.events import Outcome
from shared.stream.outcome import Done, Retry
from tests.support.events import an_upload, track_id
from tests.unit.moderation.desk_fakes import NOW, MemoryTracks, a_decision
from tests.unit.moderation.memory_queue import MemoryQueue

CASE = case_id_of(track_id(1))


@pytest.fixture
def queue() -> MemoryQueue:
    return MemoryQueue(SetClock(NOW))


@pytest.fixture
def handle(queue: MemoryQueue) -> DecisionHandler:
    tracks = MemoryTracks()
    tracks.record(an_upload(1))
    return DecisionHandler(queue, tracks)


async def test_a_quarantined_track_becomes_a_case_with_what_the_distributor_said(
    queue: MemoryQueue, handle: DecisionHandler
) -> None:
    assert await handle(a_decision()) == Done()
    case = await queue.case(CASE)
    assert case is not None
    assert (case.state, case.summary.title, case.summary.distributor_id) == (
        CaseState.OPEN,
        "Song 1",
        "northwind",
    )


@pytest.mark.parametrize("outcome", [Outcome.PUBLISH, Outcome.LABEL, Outcome.REJECT])
async def test_any_later_decision_closes_the_case(
    queue: MemoryQueue, handle: DecisionHandler, outcome: Outcome
) -> None:
    await handle(a_decision())
    await handle(a_decision(outcome=outcome, sequence=2))
    case = await queue.case(CASE)
    assert case is not None
    assert case.state is CaseState.CLOSED


async def test_a_track_that_was_never_held_leaves_nothing_behind(
    queue: MemoryQueue, handle: DecisionHandler
) -> None:
    await handle(a_decision(outcome=Outcome.PUBLISH))
    assert queue.kept == {}


async def test_an_older_decision_that_arrives_again_changes_nothing(
    queue: MemoryQueue, handle: DecisionHandler
) -> None:
    await handle(a_decision(outcome=Outcome.PUBLISH, sequence=2))
    await handle(a_decision(sequence=1))
    assert await queue.case(CASE) is None
    await handle(a_decision(sequence=3))
    before = await queue.case(CASE)
    for repeat in (a_decision(sequence=3), a_decision(outcome=Outcome.PUBLISH, sequence=2)):
        await handle(repeat)
        assert await queue.case(CASE) == before


async def test_a_newer_quarantine_updates_the_case_and_keeps_its_age_and_its_claim(
    queue: MemoryQueue, handle: DecisionHandler
) -> None:
    await handle(a_decision())
    await queue.claim(CASE, "ada")
    later = NOW + timedelta(minutes=10)
    await handle(a_decision(sequence=2, priority=90, occurred_at=later))
    case = await queue.case(CASE)
    assert case is not None
    assert case.claim is not None
    assert (case.summary.priority, case.summary.opened_at, case.claim.reviewer_id) == (
        90,
        a_decision().occurred_at,
        "ada",
    )


async def test_a_case_without_its_upload_is_open_at_once_and_described_on_the_retry(
    queue: MemoryQueue,
) -> None:
    tracks = MemoryTracks()
    handle = DecisionHandler(queue, tracks)
    assert isinstance(await handle(a_decision()), Retry)
    assert (await queue.page("ada", Filter(), limit=5)).cases[0].summary.title == ""
    tracks.record(an_upload(1))
    assert await handle(a_decision()) == Done()
    assert (await queue.page("ada", Filter(), limit=5)).cases[0].summary.title == "Song 1"
