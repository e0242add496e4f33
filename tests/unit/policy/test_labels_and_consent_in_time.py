"""Labels that people state and that expire, and consent that is given, ends, or is taken back."""

from datetime import timedelta

from services.policy.registry import Registry
from shared.events import (
    LabelAction,
    LabelStated,
)
from shared.stream.outcome import Reject
from tests.support.events import A_TIME
from tests.support.policy import (
    ARTISTS,
    DAY,
    a_grant,
    a_review,
    an_artist,
)
from tests.unit.policy.deciding_world import AI, CLONE, MATCHED, UPLOAD, VOICE, World, consented


def stated(action: str, code: str = "ai-detected", *, number: int = 1, **changes: object) -> LabelStated:
    said = LabelStated(
        event_id=f"l{number}",
        occurred_at=A_TIME + timedelta(minutes=number),
        track_id=UPLOAD.track_id,
        audio_sha256=UPLOAD.audio.sha256,
        code=code,
        action=LabelAction(action),
        by="rosa",
        reason="The artist showed the session files.",
    )
    return said.model_copy(update=changes)


async def test_a_negated_label_outranks_the_detector_until_it_expires() -> None:
    world = World()
    await world.see(UPLOAD, CLONE, VOICE)
    assert world.labels == ["ai-detected"]
    await world.see(stated("negate", expires_at=A_TIME + 30 * DAY))
    assert (world.story, world.labels) == (["label", "publish"], [])
    await world.at(A_TIME + 29 * DAY)
    assert world.story == ["label", "publish"]
    await world.at(A_TIME + 30 * DAY)
    assert (world.story, world.labels) == (["label", "publish", "label"], ["ai-detected"])
    assert world.deadlines.tracks.deadlines == {}


async def test_an_added_label_turns_publish_into_label_and_back_when_it_expires() -> None:
    world = World()
    await world.see(UPLOAD, AI, VOICE, stated("add", expires_at=A_TIME + DAY))
    assert world.story == ["publish", "label"]
    label = world.standing.labels[0]
    assert (label.code, label.basis, label.evidence) == ("ai-detected", "review", ("l1",))
    assert label.expires_at == A_TIME + DAY
    await world.at(A_TIME + DAY)
    assert world.story == ["publish", "label", "publish"]


async def test_the_newest_word_on_a_label_holds_and_each_stays_in_the_history() -> None:
    world = World()
    await world.see(UPLOAD, AI, VOICE, stated("add"), stated("negate", number=2), stated("add", number=3))
    assert world.labels == ["ai-detected"]
    assert [said.event_id for said in world.tracks.view(UPLOAD.track_id).labels] == ["l1", "l2", "l3"]
    assert world.story == ["publish", "label", "publish", "label"]


async def test_a_label_before_the_decision_is_applied_with_it() -> None:
    world = World()
    await world.see(UPLOAD, stated("negate"), CLONE, VOICE)
    assert (world.story, world.labels) == (["publish"], [])


async def test_a_label_is_about_one_recording() -> None:
    world = World()
    await world.see(UPLOAD, CLONE, VOICE)
    assert isinstance(await world.see(stated("negate", audio_sha256="cd" * 32)), Reject)
    assert world.story == ["label"]


async def test_a_label_releases_nothing_and_an_unknown_one_changes_nothing() -> None:
    world = World()
    await world.see(UPLOAD, AI, MATCHED, stated("add"), stated("add", "no-such-label", number=2))
    assert set(world.story) == {"quarantine"}
    assert world.labels == ["ai-detected"]


async def test_a_label_after_a_review_keeps_the_review() -> None:
    world = World()
    await world.see(UPLOAD, AI, MATCHED)
    await world.see(a_review(world.standing, "publish"), stated("add"))
    assert world.story == ["quarantine", "publish", "label"]
    assert (world.standing.automated, world.standing.decided_by) == (False, "rosa")
    await world.see(stated("negate", number=2))
    assert world.story[-1] == "publish"


async def test_a_revoked_grant_reopens_the_track_that_it_let_out() -> None:
    world = consented(a_grant())
    await world.see(UPLOAD, CLONE, MATCHED)
    assert world.story == ["label"]
    world.clock.at = A_TIME + DAY
    await world.see(a_grant(revoked_at=A_TIME + DAY, occurred_at=A_TIME + DAY, event_id="revoked"))
    assert world.story == ["label", "quarantine"]
    assert "voice_without_consent" in {reason.code for reason in world.standing.reasons}


async def test_a_grant_that_expires_reopens_the_track_at_that_moment() -> None:
    world = consented(a_grant(valid_until=A_TIME + 3 * DAY))
    await world.see(UPLOAD, CLONE, MATCHED)
    await world.at(A_TIME + 3 * DAY - timedelta(seconds=1))
    assert world.story == ["label"]
    await world.at(A_TIME + 3 * DAY)
    assert world.story == ["label", "quarantine"]


async def test_a_grant_that_is_given_later_lets_a_held_track_go() -> None:
    world = World()
    await world.see(UPLOAD, CLONE, MATCHED)
    assert world.story == ["quarantine"]
    await world.see(a_grant())
    assert world.story == ["quarantine", "label"]


async def test_a_grant_that_begins_later_lets_a_held_track_go_when_it_begins() -> None:
    world = consented(a_grant(valid_from=A_TIME + DAY))
    await world.see(UPLOAD, CLONE, MATCHED)
    assert world.story == ["quarantine"]
    await world.at(A_TIME + DAY)
    assert world.story == ["quarantine", "label"]


async def test_a_newly_protected_artist_reopens_tracks_that_credit_their_name() -> None:
    world = World()
    declared = UPLOAD.declaration.model_copy(update={"display_artist": "Nova Reyes"})
    await world.see(UPLOAD.model_copy(update={"declaration": declared}), AI, VOICE)
    assert world.story == ["publish"]
    await world.see(an_artist("nova-reyes", name="Nova Reyes", aliases=()))
    assert world.story == ["publish", "quarantine"]
    assert "protected_name_claimed" in {reason.code for reason in world.standing.reasons}


async def test_a_persons_release_is_reopened_only_by_a_reason_they_had_not_seen() -> None:
    world = World()
    await world.see(UPLOAD, CLONE, MATCHED)
    await world.see(a_review(world.standing, "publish"), a_grant(grantee="southwind"))
    assert world.story == ["quarantine", "publish"]


async def test_the_same_change_twice_is_one_decision() -> None:
    world = consented(a_grant())
    gone = a_grant(revoked_at=A_TIME, occurred_at=A_TIME, event_id="revoked")
    await world.see(UPLOAD, CLONE, MATCHED, gone, gone, a_grant())
    assert world.story == ["label", "quarantine"]


async def test_an_older_word_on_a_grant_that_comes_late_does_not_revive_it() -> None:
    registry = Registry(ARTISTS)
    assert registry.learn(a_grant(revoked_at=A_TIME, occurred_at=A_TIME))
    assert not registry.learn(a_grant(occurred_at=A_TIME - DAY))
    assert registry.grants_of("mara-lind")[0].revoked_at == A_TIME
