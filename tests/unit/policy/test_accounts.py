"""Several tracks of one account that resemble one protected artist: held together, and let go together."""

from datetime import datetime
from itertools import permutations

import pytest

from services.policy.inputs import AI_DETECTOR, VOICE_MATCHER, PolicyInput
from shared.events import Declaration, Outcome
from tests.support.events import A_TIME, an_upload, track_id
from tests.support.policy import (
    DAY,
    a_finding,
    a_grant,
    a_match,
    a_review,
)
from tests.unit.policy.deciding_world import Event, World


def outcomes(world: World, *numbers: int) -> list[Outcome]:
    return [world.standing_of(track_id(number)).outcome for number in numbers]


def a_delivery(
    number: int,
    voice: str,
    *,
    name: str = "Nova Fox",
    distributor: str = "northwind",
    at: datetime = A_TIME,
    audio: str | None = None,
) -> tuple[Event, Event, Event]:
    upload = an_upload(
        number,
        distributor_id=distributor,
        declaration=Declaration(title=f"Song {number}", display_artist=name),
        audio=an_upload().audio.model_copy(update={"sha256": audio or f"{number:064x}"}),
        received_at=at,
    )
    matches = (a_match("mara-lind", voice),) if voice in {"match", "possible"} else ()
    return (
        upload,
        a_finding(upload, AI_DETECTOR, "not_detected"),
        a_finding(upload, VOICE_MATCHER, voice, matches=matches),
    )


async def test_one_possible_by_itself_is_published() -> None:
    world = World()
    await world.see(*a_delivery(1, "possible"))
    assert outcomes(world, 1) == [Outcome.PUBLISH]


async def test_the_second_possible_holds_both() -> None:
    world = World()
    await world.see(*a_delivery(1, "possible"), *a_delivery(2, "possible"))
    assert outcomes(world, 1, 2) == [Outcome.QUARANTINE] * 2
    assert world.standing_of(track_id(1)).supersedes is not None
    codes = [reason.code for reason in world.standing_of(track_id(2)).reasons]
    assert codes == ["account_resembles_voice", "possible_voice_noted"]


async def test_the_decision_records_what_was_weighed_and_names_every_finding() -> None:
    world = World()
    await world.see(*a_delivery(1, "possible"), *a_delivery(2, "no_match"), *a_delivery(3, "possible"))
    (pattern,) = PolicyInput.model_validate(world.standing_of(track_id(3)).policy_input).patterns
    assert (pattern.recordings, pattern.resembling, pattern.days) == (3, 2, 30)
    assert len(pattern.finding_ids) == 2
    held = next(r for r in world.standing_of(track_id(3)).reasons if r.code == "account_resembles_voice")
    assert set(pattern.finding_ids) <= set(held.evidence)
    assert world.standing_of(track_id(3)).statement is not None


async def test_nothing_of_a_voice_but_its_verdict_is_remembered() -> None:
    world = World()
    await world.see(*a_delivery(1, "possible"), *a_delivery(2, "possible"))
    (pattern,) = PolicyInput.model_validate(world.standing_of(track_id(2)).policy_input).patterns
    numbers = [value for value in pattern.model_dump().values() if isinstance(value, list | tuple)]
    assert all(isinstance(item, str | dict) for value in numbers for item in value)


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_whatever_event_comes_first_the_same_is_decided(order: tuple[int, ...]) -> None:
    deliveries = [a_delivery(1, "possible"), a_delivery(2, "no_match"), a_delivery(3, "possible")]
    world = World()
    for place in order:
        await world.see(*deliveries[place])
    assert outcomes(world, 1, 2, 3) == [Outcome.QUARANTINE, Outcome.PUBLISH, Outcome.QUARANTINE]


async def test_findings_that_overtake_their_uploads_are_weighed_when_these_arrive() -> None:
    (first, ai_1, voice_1), (second, ai_2, voice_2) = a_delivery(1, "possible"), a_delivery(2, "possible")
    world = World()
    await world.see(voice_2, ai_2, voice_1, ai_1, second, first)
    assert outcomes(world, 1, 2) == [Outcome.QUARANTINE] * 2


async def test_every_event_twice_decides_no_more_than_once() -> None:
    world = World()
    events = (*a_delivery(1, "possible"), *a_delivery(2, "possible"))
    await world.see(*events)
    decided = len(world.log.appended)
    await world.see(*events)
    assert len(world.log.appended) == decided


async def test_many_tracks_without_the_artist_let_go_what_two_had_held() -> None:
    world = World()
    await world.see(*a_delivery(1, "possible"))
    for number in range(10, 40):
        await world.see(*a_delivery(number, "no_match"))
    await world.see(*a_delivery(2, "possible"))
    assert outcomes(world, 1, 2) == [Outcome.PUBLISH] * 2


@pytest.mark.parametrize(
    "other",
    [
        a_delivery(2, "possible", name="Somebody Else"),
        a_delivery(2, "possible", distributor="southwind"),
        a_delivery(2, "possible", at=A_TIME - 31 * DAY),
        a_delivery(2, "possible", audio=f"{1:064x}"),
    ],
    ids=["another name", "another distributor", "long ago", "the same file"],
)
async def test_what_is_no_second_recent_recording_of_the_account_is_not_counted(
    other: tuple[Event, Event, Event],
) -> None:
    world = World()
    await world.see(*other, *a_delivery(1, "possible"))
    assert outcomes(world, 1, 2) == [Outcome.PUBLISH] * 2


async def test_what_a_person_released_counts_for_the_account() -> None:
    world = World()
    await world.see(*a_delivery(1, "possible"), *a_delivery(2, "possible"))
    await world.see(a_review(world.standing_of(track_id(1))))
    assert outcomes(world, 1, 2) == [Outcome.PUBLISH] * 2
    assert not world.standing_of(track_id(1)).automated
    await world.see(*a_delivery(3, "possible"))
    (pattern,) = PolicyInput.model_validate(world.standing_of(track_id(3)).policy_input).patterns
    assert (pattern.resembling, pattern.cleared) == (2, 1)


async def test_a_persons_release_is_not_reopened_by_more_of_the_same() -> None:
    world = World()
    await world.see(*a_delivery(1, "possible"), *a_delivery(2, "possible"))
    await world.see(a_review(world.standing_of(track_id(1))))
    await world.see(*a_delivery(3, "possible"), *a_delivery(4, "possible"))
    assert outcomes(world, 1) == [Outcome.PUBLISH]
    assert not world.standing_of(track_id(1)).automated


async def test_consent_that_arrives_lets_the_whole_account_go() -> None:
    world = World()
    await world.see(*a_delivery(1, "possible"), *a_delivery(2, "possible"))
    await world.handlers.on_grant(a_grant(grantee="northwind"))
    assert outcomes(world, 1, 2) == [Outcome.PUBLISH] * 2


async def test_without_days_every_track_stands_alone() -> None:
    world = World(account_days=0)
    await world.see(*a_delivery(1, "possible"), *a_delivery(2, "possible"))
    assert outcomes(world, 1, 2) == [Outcome.PUBLISH] * 2
