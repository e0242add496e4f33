"""Deciding: kept under the claim, sent once in effect, never lost."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from services.moderation.desk import Incomplete, Resolved
from services.moderation.domain.cases import CaseState
from services.moderation.domain.outcomes import Claimed, DecisionChanged, LeaseLost, NotOpen
from services.moderation.domain.queue import Answer
from shared.errors import PublishError
from shared.events import Outcome
from shared.stream.message import Record
from tests.unit.moderation.desk_fakes import DeskWorld

PUBLISH = Answer("decision-1-1", Outcome.PUBLISH, note="Fine.")


@pytest.fixture
def world(tmp_path: Path) -> DeskWorld:
    return DeskWorld(tmp_path / "none")


async def claimed(world: DeskWorld) -> tuple[str, int]:
    case_id = await world.hold()
    outcome = await world.queue.claim(case_id, "ada")
    assert isinstance(outcome, Claimed)
    return case_id, outcome.claim.token


async def test_the_answer_reaches_the_broker_and_the_case_waits_for_policy(world: DeskWorld) -> None:
    case_id, token = await claimed(world)
    assert isinstance(await world.desk.resolve(case_id, "ada", token, PUBLISH), Resolved)
    (review,) = world.publisher.reviews
    assert (review.outcome, review.decision_id, review.reviewer_id, review.claim_token) == (
        Outcome.PUBLISH,
        "decision-1-1",
        "ada",
        token,
    )
    case = await world.queue.case(case_id)
    assert case is not None
    assert (case.state, case.acknowledged) == (CaseState.RESOLVED_PENDING, True)


async def test_a_double_click_changes_nothing(world: DeskWorld) -> None:
    case_id, token = await claimed(world)
    first = await world.desk.resolve(case_id, "ada", token, PUBLISH)
    world.clock.at += timedelta(seconds=1)
    second = await world.desk.resolve(case_id, "ada", token, PUBLISH)
    assert isinstance(first, Resolved)
    assert isinstance(second, Resolved)
    assert second.resolution == first.resolution
    assert len(world.publisher.records) == 1


async def test_a_second_different_answer_is_refused(world: DeskWorld) -> None:
    case_id, token = await claimed(world)
    await world.desk.resolve(case_id, "ada", token, PUBLISH)
    changed = replace(PUBLISH, outcome=Outcome.REJECT)
    assert isinstance(await world.desk.resolve(case_id, "ada", token, changed), NotOpen)
    assert len(world.publisher.records) == 1


async def test_an_answer_under_a_lease_that_ran_out_is_refused_though_nobody_took_the_case(
    world: DeskWorld,
) -> None:
    case_id, token = await claimed(world)
    world.clock.at += timedelta(minutes=15)
    assert await world.desk.resolve(case_id, "ada", token, PUBLISH) == LeaseLost(None)
    assert world.publisher.records == []


async def test_an_answer_under_a_token_from_an_earlier_claim_is_refused(world: DeskWorld) -> None:
    case_id, old = await claimed(world)
    await world.queue.release(case_id, "ada", old)
    again = await world.queue.claim(case_id, "ada")
    assert isinstance(again, Claimed)
    assert again.claim.token > old
    assert await world.desk.resolve(case_id, "ada", old, PUBLISH) == LeaseLost("ada")


async def test_an_answer_to_a_decision_that_no_longer_stands_is_refused(world: DeskWorld) -> None:
    case_id, token = await claimed(world)
    await world.hold(sequence=2, event_id="decision-1-2")
    assert isinstance(await world.desk.resolve(case_id, "ada", token, PUBLISH), DecisionChanged)
    assert world.publisher.records == []


async def test_what_the_broker_did_not_take_is_kept_out_of_reach_and_sent_again(world: DeskWorld) -> None:
    case_id, token = await claimed(world)
    world.publisher.failures = 1
    with pytest.raises(PublishError):
        await world.desk.resolve(case_id, "ada", token, PUBLISH)
    assert isinstance(await world.queue.claim(case_id, "ben"), NotOpen)
    assert await world.desk.resend(older_than=timedelta(seconds=10)) == 0
    world.clock.at += timedelta(seconds=10)
    assert await world.desk.resend(older_than=timedelta(seconds=10)) == 1
    assert await world.desk.resend(older_than=timedelta(seconds=10)) == 0
    assert [review.claim_token for review in world.publisher.reviews] == [token]


async def test_a_crash_between_sending_and_remembering_sends_the_same_event(world: DeskWorld) -> None:
    case_id, token = await claimed(world)
    sent: list[Record] = []

    class CrashesAfterSending:
        async def publish(self, record: Record) -> None:
            sent.append(record)
            raise ConnectionResetError

    world.desk._publisher = CrashesAfterSending()
    with pytest.raises(ConnectionResetError):
        await world.desk.resolve(case_id, "ada", token, PUBLISH)
    world.desk._publisher = world.publisher
    world.clock.at += timedelta(minutes=1)
    assert await world.desk.resend(older_than=timedelta(seconds=10)) == 1
    assert world.publisher.records == sent


@pytest.mark.parametrize(
    ("answer", "at_fault"),
    [
        (Answer("d", Outcome.QUARANTINE), "outcome"),
        (Answer("d", Outcome.LABEL), "label_codes"),
        (Answer("d", Outcome.LABEL, ("made-up",)), "label_codes"),
        (Answer("d", Outcome.PUBLISH, ("ai-detected",)), "label_codes"),
        (Answer("d", Outcome.REJECT, note="  "), "note"),
    ],
)
async def test_an_incomplete_answer_is_refused_and_names_the_part(
    world: DeskWorld, answer: Answer, at_fault: str
) -> None:
    case_id, token = await claimed(world)
    refused = await world.desk.resolve(case_id, "ada", token, answer)
    assert isinstance(refused, Incomplete)
    assert refused.field == at_fault
