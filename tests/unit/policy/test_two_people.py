"""Releasing a track in which a protected voice was recognised takes two people: policy asks for both."""

import pytest

from services.policy.inputs import AI_DETECTOR
from shared.events import Outcome
from tests.support.policy import a_finding, a_review
from tests.unit.policy.deciding_world import AI, MATCHED, UPLOAD, VOICE, World, codes


async def held(*findings: object) -> World:
    world = World()
    await world.see(UPLOAD, *findings)  # type: ignore[arg-type]  # findings, each its own type
    assert world.standing.outcome is Outcome.QUARANTINE
    return world


@pytest.mark.parametrize("outcome", ["publish", "label"])
@pytest.mark.parametrize("second", [None, "rosa"])
async def test_one_person_alone_releases_no_recognised_voice(outcome: str, second: str | None) -> None:
    world = await held(AI, MATCHED)
    labels = ("licensed-voice",) if outcome == "label" else ()
    await world.see(a_review(world.standing, outcome, confirmed_by=second, label_codes=labels))
    assert world.standing.outcome is Outcome.QUARANTINE
    assert codes(world.standing)[0] == "review_not_applicable"
    assert "no second person confirmed it" in world.standing.reasons[0].text


async def test_with_a_second_person_it_is_released() -> None:
    world = await held(AI, MATCHED)
    await world.see(a_review(world.standing, "publish", confirmed_by="sam"))
    assert world.standing.outcome is Outcome.PUBLISH


async def test_rejecting_it_takes_one_person() -> None:
    world = await held(AI, MATCHED)
    await world.see(a_review(world.standing, "reject", confirmed_by=None))
    assert world.standing.outcome is Outcome.REJECT


async def test_a_track_without_a_recognised_voice_is_released_by_one_person() -> None:
    world = await held(a_finding(UPLOAD, AI_DETECTOR, "error", reason="It ran out of memory."), VOICE)
    await world.see(a_review(world.standing, "publish", confirmed_by=None))
    assert world.standing.outcome is Outcome.PUBLISH
