"""When a track is decided, and when it is decided again."""

import itertools
from datetime import timedelta

import pytest

from services.policy.inputs import AI_DETECTOR, FINGERPRINT, PolicyInput
from services.policy.registry import Registry
from shared.errors import PublishError, SystemicError
from shared.events import Outcome
from shared.stream.outcome import Done, Reject, Retry
from tests.support.events import A_TIME
from tests.support.policy import (
    ARTISTS,
    a_copy,
    a_finding,
    a_grant,
    a_review,
)
from tests.unit.policy.deciding_world import (
    AI,
    CLONE,
    DEADLINE,
    MATCHED,
    POLICY,
    UPLOAD,
    VOICE,
    Event,
    World,
    codes,
)


async def test_a_track_is_decided_when_every_required_detector_has_answered() -> None:
    world = World()
    await world.see(UPLOAD, AI)
    assert world.decisions == []
    await world.see(VOICE)
    assert world.story == ["publish"]
    assert world.tracks.view(UPLOAD.track_id).decision == world.decisions[0]
    assert world.tracks.deadlines == {}


@pytest.mark.parametrize("order", list(itertools.permutations([UPLOAD, CLONE, MATCHED])))
async def test_topics_have_no_mutual_order_and_need_none(order: tuple[Event, ...]) -> None:
    world = World()
    await world.see(*order)
    (decision,) = world.decisions
    assert codes(decision) == ["voice_without_consent", "ai_undeclared"]


async def test_a_decision_records_policy_version_input_trace_and_audio() -> None:
    world = World()
    await world.see(UPLOAD, AI, VOICE)
    (decision,) = world.decisions
    assert decision.policy_version == POLICY.version
    assert decision.audio_sha256 == UPLOAD.audio.sha256
    assert decision.automated
    assert {trace.rule for trace in decision.trace} == {compiled.rule.id for compiled in POLICY.rules}
    assert PolicyInput.model_validate(decision.policy_input).finding_ids == {AI.event_id, VOICE.event_id}


async def test_a_missing_finding_holds_the_track_at_its_deadline() -> None:
    world = World()
    await world.see(UPLOAD, AI)
    assert await world.pass_time(timedelta(seconds=109)) == 0
    assert await world.pass_time(timedelta(seconds=1)) == 1
    assert world.story == ["quarantine"]
    assert "finding_missing" in codes(world.standing)
    assert await world.pass_time(timedelta(days=1)) == 0


async def test_a_late_finding_supersedes_the_decision_made_without_it() -> None:
    world = World()
    await world.see(UPLOAD, AI)
    await world.pass_time(DEADLINE)
    await world.see(VOICE)
    first, second = world.decisions
    assert world.story == ["quarantine", "publish"]
    assert (second.sequence, second.supersedes) == (2, first.event_id)


async def test_a_finding_that_changes_nothing_makes_no_decision() -> None:
    world = World()
    await world.see(UPLOAD, AI, VOICE)
    again = a_finding(
        UPLOAD,
        AI_DETECTOR,
        "not_detected",
        event_id="newer",
        model_version="test-2",
        occurred_at=A_TIME + timedelta(hours=1),
    )
    await world.see(again)
    assert world.story == ["publish"]


async def test_a_new_measurement_that_changes_the_result_supersedes() -> None:
    world = World()
    await world.see(UPLOAD, AI, VOICE)
    newer = CLONE.model_copy(update={"occurred_at": A_TIME + timedelta(hours=1)})
    await world.see(newer)
    assert world.story == ["publish", "label"]


async def test_a_voice_found_when_a_published_track_is_listened_to_again_withdraws_it() -> None:
    world = World()
    await world.see(UPLOAD, AI, VOICE)
    later = A_TIME + timedelta(days=3)
    again = MATCHED.model_copy(update={"event_id": "listened again", "occurred_at": later})
    await world.see(again, again)
    published, withdrawn = world.decisions
    assert world.story == ["publish", "quarantine"]
    assert withdrawn.supersedes == published.event_id
    assert "voice_without_consent" in codes(withdrawn)
    assert world.standing == withdrawn


async def test_a_recording_removed_elsewhere_withdraws_its_published_copies_and_frees_them_again() -> None:
    world = World()
    await world.see(UPLOAD, AI, VOICE, a_finding(UPLOAD, FINGERPRINT, "no_match"))
    later = A_TIME + timedelta(days=3)
    removed = a_finding(
        UPLOAD, FINGERPRINT, "match_removed", copies=(a_copy(removed=True),) * 3, occurred_at=later
    )
    await world.see(removed, removed)
    assert world.story == ["publish", "quarantine"]
    assert codes(world.standing) == ["removed_recording", "nothing_found"]
    assert world.standing.reasons[0].evidence == (removed.event_id,)
    restored = a_finding(
        UPLOAD,
        FINGERPRINT,
        "duplicate_of",
        copies=(a_copy(same_claim=True),),
        occurred_at=later + timedelta(days=1),
    )
    await world.see(restored)
    assert world.story == ["publish", "quarantine", "publish"]


async def test_an_older_measurement_that_comes_late_does_not_replace_a_newer_one() -> None:
    world = World()
    newer = CLONE.model_copy(update={"occurred_at": A_TIME + timedelta(hours=1)})
    await world.see(UPLOAD, newer, VOICE, AI)
    assert world.story == ["label"]
    assert world.tracks.view(UPLOAD.track_id).finding(AI_DETECTOR) == newer


async def test_a_finding_about_other_audio_is_refused() -> None:
    world = World()
    other = AI.model_copy(update={"audio_sha256": "cd" * 32})
    assert isinstance(await world.see(UPLOAD, other), Reject)


async def test_a_finding_about_other_audio_that_came_first_counts_as_missing() -> None:
    world = World()
    await world.see(AI.model_copy(update={"audio_sha256": "cd" * 32}), UPLOAD, VOICE)
    assert world.decisions == []
    await world.pass_time(DEADLINE)
    assert "finding_missing" in codes(world.standing)


async def test_a_review_supersedes_the_decision_that_it_is_about() -> None:
    world = World()
    await world.see(UPLOAD, AI, MATCHED)
    review = a_review(world.standing, "publish")
    await world.see(review)
    assert world.story == ["quarantine", "publish"]
    assert (world.standing.automated, world.standing.decided_by) == (False, "rosa")
    assert codes(world.standing) == ["reviewed"]
    assert world.standing.reasons[0].evidence == (review.event_id,)


async def test_a_review_may_reject_and_may_label() -> None:
    for outcome, labels in ((Outcome.REJECT, []), (Outcome.LABEL, ["ai-detected"])):
        world = World()
        await world.see(UPLOAD, AI, MATCHED)
        await world.see(a_review(world.standing, outcome.value, label_codes=("ai-detected",)))
        assert world.standing.outcome is outcome
        assert [label.code for label in world.standing.labels] == labels


async def test_a_review_with_an_unknown_label_leaves_the_track_held_and_says_so() -> None:
    world = World()
    await world.see(UPLOAD, AI, MATCHED)
    await world.see(a_review(world.standing, "label", label_codes=("no-such-label",)))
    assert world.standing.outcome is Outcome.QUARANTINE
    assert codes(world.standing)[0] == "review_not_applicable"


async def test_no_review_releases_a_test_delivery() -> None:
    world = World()
    declaration = UPLOAD.declaration.model_copy(update={"test_delivery": True})
    await world.see(UPLOAD.model_copy(update={"declaration": declaration}), AI, VOICE)
    await world.see(a_review(world.standing, "publish"))
    assert world.standing.outcome is Outcome.QUARANTINE


async def test_a_review_of_a_decision_that_no_longer_stands_is_kept_and_not_applied() -> None:
    world = World()
    await world.see(UPLOAD, AI)
    await world.pass_time(DEADLINE)
    review = a_review(world.standing, "publish")
    await world.see(MATCHED, review)
    assert world.story == ["quarantine", "quarantine"]
    assert world.tracks.view(UPLOAD.track_id).reviews == (review,)


async def test_a_review_that_overtakes_its_decision_is_tried_again() -> None:
    world, elsewhere = World(), World()
    await elsewhere.see(UPLOAD, AI, MATCHED)
    decision = elsewhere.standing
    assert isinstance(await world.see(UPLOAD, a_review(decision)), Retry)
    await world.see(AI, MATCHED)
    assert isinstance(await world.see(a_review(world.standing)), Done)
    assert world.story == ["quarantine", "publish"]


async def test_a_late_finding_with_a_new_reason_reopens_what_a_person_published() -> None:
    world = World()
    await world.see(UPLOAD, AI)
    await world.pass_time(DEADLINE)
    await world.see(a_review(world.standing, "publish"), MATCHED)
    assert world.story == ["quarantine", "publish", "quarantine"]
    assert codes(world.standing)[:2] == ["reopened_after_review", "voice_without_consent"]


async def test_a_late_finding_without_a_new_reason_leaves_a_persons_decision_alone() -> None:
    world = World()
    await world.see(UPLOAD, AI)
    await world.pass_time(DEADLINE)
    await world.see(a_review(world.standing, "reject"), VOICE)
    assert world.story == ["quarantine", "reject"]


async def test_a_reason_that_the_person_had_seen_reopens_nothing() -> None:
    world = World()
    await world.see(UPLOAD, AI, MATCHED)
    await world.see(a_review(world.standing, "publish"))
    newer = MATCHED.model_copy(update={"event_id": "newer", "occurred_at": A_TIME + timedelta(hours=1)})
    await world.see(newer)
    assert world.story == ["quarantine", "publish"]


async def test_no_finding_softens_what_a_person_rejected() -> None:
    world = World()
    await world.see(UPLOAD, AI)
    await world.pass_time(DEADLINE)
    await world.see(a_review(world.standing, "reject"), MATCHED)
    assert world.story == ["quarantine", "reject"]


async def test_consent_counts_at_the_moment_of_the_decision() -> None:
    world = World(registry=Registry(ARTISTS, [a_grant(revoked_at=A_TIME + timedelta(seconds=30))]))
    await world.see(UPLOAD, AI, MATCHED)
    assert world.story == ["label"]
    later = World(registry=Registry(ARTISTS, [a_grant(revoked_at=A_TIME + timedelta(seconds=30))]))
    later.clock.at = A_TIME + timedelta(seconds=30)
    await later.see(UPLOAD, AI, MATCHED)
    assert later.story == ["quarantine"]


async def test_a_broker_that_does_not_acknowledge_leaves_the_track_undecided_until_it_does() -> None:
    world = World()
    world.log.broken = True
    with pytest.raises(PublishError):
        await world.see(UPLOAD, AI, VOICE)
    assert world.tracks.view(UPLOAD.track_id).decision is None
    world.log.broken = False
    await world.see(VOICE)
    assert world.story == ["publish"]


async def test_an_outage_stops_the_sweep_and_not_the_track() -> None:
    world = World()
    await world.see(UPLOAD)
    world.log.broken = True
    with pytest.raises(SystemicError):
        await world.pass_time(DEADLINE)
    world.log.broken = False
    assert await world.pass_time(timedelta(0)) == 1
    assert world.story == ["quarantine"]
