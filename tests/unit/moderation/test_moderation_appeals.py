"""Appeals: queued for somebody else, two clocks, an outcome on the record, counted against the detector."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from services.moderation.desk import Incomplete, Resolved
from services.moderation.domain.appeals import Clocks
from services.moderation.domain.cases import CaseState, appeal_case_id_of
from services.moderation.domain.looking import Filter, Share
from services.moderation.domain.outcomes import Barred, Claimed, NothingWaiting
from services.moderation.domain.queue import Answer
from services.moderation.handlers import AppealHandler, AppealOutcomeHandler, DecisionHandler
from shared.events import AppealDecided, AppealFiled, AppealOutcome, Outcome, ReviewResolved
from shared.stream.outcome import Done, Retry
from shared.views.tracks import TrackView
from tests.support.events import an_upload, track_id
from tests.unit.moderation.desk_fakes import NOW, DeskWorld, a_decision

CLOCKS = Clocks(acknowledge=timedelta(hours=24), decide=timedelta(days=7))
CASE = appeal_case_id_of(track_id(1))
FINDINGS = {"findings": [{"detector": "ai_detector", "verdict": "likely_generated"}]}
FILED = AppealFiled(
    event_id="appeal-1",
    occurred_at=NOW,
    track_id=track_id(1),
    decision_id="decision-1-2",
    distributor_id="northwind",
    text="The singer is ours.",
)
REVIEW = ReviewResolved(
    event_id="review-1",
    occurred_at=NOW,
    track_id=track_id(1),
    decision_id="decision-1-1",
    outcome=Outcome.REJECT,
    reviewer_id="ada",
    confirmed_by="sam",
)


@dataclass
class Views:
    """The world's views as a worker writes them."""

    world: DeskWorld

    async def view(self, track: str) -> TrackView | None:
        return await self.world.tracks.view(track)

    async def record(self, event: AppealFiled | AppealDecided) -> None:
        self.world.tracks.record(event)


@pytest.fixture
def world(tmp_path: Path) -> DeskWorld:
    world = DeskWorld(tmp_path / "none")
    held = a_decision(policy_input=FINDINGS)
    rejected = a_decision(outcome=Outcome.REJECT, sequence=2, automated=False, decided_by="ada")
    world.tracks.record(an_upload(1), held, rejected, REVIEW)
    return world


async def filed(world: DeskWorld) -> None:
    assert await AppealHandler(world.queue, Views(world), CLOCKS)(FILED) == Done()


def outcomes(world: DeskWorld) -> list[AppealDecided]:
    found = [r for r in world.publisher.records if r.topic == "tracks.appeals.decided"]
    return [AppealDecided.from_bytes(record.value) for record in found]


async def answered(world: DeskWorld, answer: Answer) -> object:
    claimed = await world.queue.claim(CASE, "ben")
    assert isinstance(claimed, Claimed)
    return await world.desk.resolve(CASE, "ben", claimed.claim.token, answer)


async def test_nobody_who_decided_before_takes_the_appeal(world: DeskWorld) -> None:
    await filed(world)
    for before in ("ada", "sam"):
        assert isinstance(await world.queue.claim(CASE, before, senior=True), Barred)
        next_one = await world.queue.claim_next(before, Filter(share=Share.APPEALS), senior=True)
        assert next_one == NothingWaiting()
    assert isinstance(await world.queue.claim_next("ben", Filter(share=Share.APPEALS)), Claimed)


async def test_it_is_due_to_be_taken_up_and_then_to_be_decided(world: DeskWorld) -> None:
    await filed(world)
    case = await world.queue.case(CASE)
    assert case is not None
    assert case.due_at == NOW + CLOCKS.acknowledge
    await world.queue.claim(CASE, "ben")
    case = await world.queue.case(CASE)
    assert case is not None
    assert case.due_at == NOW + CLOCKS.decide


async def test_an_upheld_appeal_is_told_and_changes_nothing(world: DeskWorld) -> None:
    await filed(world)
    unsaid = await answered(world, Answer("decision-1-2", Outcome.REJECT, upholds=True))
    assert isinstance(unsaid, Incomplete)
    said = Answer("decision-1-2", Outcome.REJECT, note="Not hers.", upholds=True)
    assert isinstance(await answered(world, said), Resolved)
    (outcome,) = outcomes(world)
    assert (outcome.outcome, outcome.note, outcome.decided_by) == (AppealOutcome.UPHELD, "Not hers.", "ben")
    assert [record.topic for record in world.publisher.records] == ["tracks.appeals.decided"]
    case = await world.queue.case(CASE)
    assert case is not None
    assert case.state is CaseState.CLOSED


async def test_an_overturned_appeal_reviews_the_decision_that_stands(world: DeskWorld) -> None:
    await filed(world)
    await answered(world, Answer("decision-1-2", Outcome.PUBLISH, note="She is theirs."))
    (outcome,) = outcomes(world)
    assert (outcome.outcome, outcome.detectors) == (AppealOutcome.OVERTURNED, ("ai_detector",))
    assert "ai_contradicts_declaration" in outcome.reasons
    review = ReviewResolved.from_bytes(world.publisher.records[-1].value)
    assert (review.decision_id, review.outcome) == ("decision-1-2", Outcome.PUBLISH)


async def test_an_appeal_waits_for_the_decision_that_it_contests(world: DeskWorld) -> None:
    early = FILED.model_copy(update={"decision_id": "decision-1-9"})
    assert isinstance(await AppealHandler(world.queue, Views(world), CLOCKS)(early), Retry)


async def test_an_answered_appeal_is_not_opened_by_its_repeat(world: DeskWorld) -> None:
    await filed(world)
    await answered(world, Answer("decision-1-2", Outcome.REJECT, note="No.", upholds=True))
    await AppealOutcomeHandler(Views(world))(outcomes(world)[0])
    await filed(world)
    case = await world.queue.case(CASE)
    assert case is not None
    assert case.state is CaseState.CLOSED


async def test_a_decision_that_frees_the_track_ends_the_appeal(world: DeskWorld) -> None:
    await filed(world)
    freed = a_decision(outcome=Outcome.PUBLISH, sequence=3)
    done = await DecisionHandler(world.queue, world.tracks)(freed)
    assert isinstance(done, Done)
    (output,) = done.outputs
    assert isinstance(output.event, AppealDecided)
    assert output.event.outcome is AppealOutcome.LAPSED


async def test_an_appeal_that_lapsed_is_told_again_when_the_decision_is_read_again(world: DeskWorld) -> None:
    await filed(world)
    freed = a_decision(outcome=Outcome.PUBLISH, sequence=3)
    first = await DecisionHandler(world.queue, world.tracks)(freed)
    again = await DecisionHandler(world.queue, world.tracks)(freed)
    assert first == again
    assert isinstance(first, Done)
    assert len(first.outputs) == 1


async def test_a_newer_appeal_takes_the_place_of_the_one_before(world: DeskWorld) -> None:
    await filed(world)
    labelled = a_decision(outcome=Outcome.LABEL, sequence=3, automated=False, decided_by="ben")
    world.tracks.record(labelled)
    await DecisionHandler(world.queue, world.tracks)(labelled)
    newer = FILED.model_copy(
        update={
            "event_id": "appeal-2",
            "decision_id": "decision-1-3",
            "text": "No label either.",
            "occurred_at": NOW + timedelta(hours=1),
        }
    )
    done = await AppealHandler(world.queue, Views(world), CLOCKS)(newer)
    assert isinstance(done, Done)
    (output,) = done.outputs
    assert isinstance(output.event, AppealDecided)
    assert (output.event.appeal_id, output.event.outcome) == ("appeal-1", AppealOutcome.LAPSED)
    case = await world.queue.case(CASE)
    assert case is not None
    assert case.summary.appeal is not None
    assert case.summary.appeal.text == "No label either."


async def test_a_newer_restricting_decision_is_what_the_appeal_is_about_then(world: DeskWorld) -> None:
    await filed(world)
    newer = a_decision(outcome=Outcome.LABEL, sequence=3, automated=False, decided_by="ben")
    await DecisionHandler(world.queue, world.tracks)(newer)
    case = await world.queue.case(CASE)
    assert case is not None
    assert case.summary.decision_id == "decision-1-3"
    assert isinstance(await world.queue.claim(CASE, "ben"), Barred)


async def test_what_was_overturned_counts_once_against_detector_and_reason(world: DeskWorld) -> None:
    def counted() -> float:
        labels = {"detector": "ai_detector", "outcome": "overturned"}
        name = "trackgate_moderation_appeals_by_detector_total"
        return REGISTRY.get_sample_value(name, labels) or 0.0

    await filed(world)
    await answered(world, Answer("decision-1-2", Outcome.PUBLISH, note="Theirs."))
    before = counted()
    for _ in range(2):
        await AppealOutcomeHandler(Views(world))(outcomes(world)[0])
    assert counted() == before + 1
