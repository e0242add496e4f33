"""The life of a policy version: draft, shadow, rollout, live, and the ways back."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from services.policy.changes import BREAKER, ChangeRefused, Wish, changed, drafted, rolled_back, shipped
from services.policy.compiled import (
    DEFAULT_LABELS,
    DEFAULT_POLICY,
    Policy,
    compile_policy,
    load_policy,
    read_file,
)
from services.policy.evaluate import evaluate
from services.policy.inputs import PolicyInput
from services.policy.metrics import SHADOWED
from services.policy.stages import PolicyBook, in_share
from services.policy.trial import Trial
from shared.events import DecisionMade, PolicyStage, PolicyVersionChanged
from tests.support.events import A_TIME, track_id
from tests.support.policy import scenario_input

S = PolicyStage
SHIPPED = load_policy()
TEXT, LABELS = read_file(DEFAULT_POLICY), read_file(DEFAULT_LABELS)
STRICT = compile_policy(TEXT.replace("review_from: 50", "review_from: 1"), LABELS)
OTHER = compile_policy(TEXT.replace("review_from: 50", "review_from: 60"), LABELS)


def wish(stage: PolicyStage, by: str, **more: int) -> Wish:
    return Wish(stage, by, A_TIME, **more)


def put(book: PolicyBook, change: PolicyVersionChanged) -> PolicyVersionChanged:
    """As it comes back from the topic."""
    read = PolicyVersionChanged.from_bytes(change.to_bytes())
    book.put(read.version, read)
    return read


def to_live(book: PolicyBook, policy: Policy) -> None:
    put(book, drafted(book, policy, wish(S.DRAFT, "ana")))
    put(book, changed(book, policy.version, wish(S.SHADOW, "ana")))
    put(book, changed(book, policy.version, wish(S.ROLLOUT, "bo", percent=10)))
    put(book, changed(book, policy.version, wish(S.LIVE, "bo")))


def test_what_was_shipped_decides_until_something_is_promoted() -> None:
    book = PolicyBook(SHIPPED)
    put(book, shipped(SHIPPED, A_TIME))
    put(book, drafted(book, STRICT, wish(S.DRAFT, "ana")))
    put(book, changed(book, STRICT.version, wish(S.SHADOW, "ana")))
    assert book.policy_for(track_id(1)).version == SHIPPED.version
    assert [shadow.version for shadow in book.shadows] == [STRICT.version]


def test_a_promoted_version_decides_and_a_rollback_brings_back_the_one_before() -> None:
    book = PolicyBook(SHIPPED)
    to_live(book, STRICT)
    assert book.live.version == STRICT.version
    to_live(book, OTHER)
    assert book.live.version == OTHER.version
    put(book, rolled_back(book, wish(S.RETIRED, "cleo")))
    assert book.live.version == STRICT.version
    put(book, rolled_back(book, wish(S.RETIRED, "cleo")))
    assert book.live.version == SHIPPED.version
    with pytest.raises(ChangeRefused, match="nothing was promoted"):
        rolled_back(book, wish(S.RETIRED, "cleo"))


def test_one_person_alone_cannot_let_a_version_act() -> None:
    book = PolicyBook(SHIPPED)
    put(book, drafted(book, STRICT, wish(S.DRAFT, "ana")))
    put(book, changed(book, STRICT.version, wish(S.SHADOW, "ana")))
    with pytest.raises(ChangeRefused, match="second person"):
        changed(book, STRICT.version, wish(S.ROLLOUT, "ana", percent=5))
    put(book, changed(book, STRICT.version, wish(S.ROLLOUT, "bo", percent=5)))
    with pytest.raises(ChangeRefused, match="second person"):
        changed(book, STRICT.version, wish(S.LIVE, "ana"))


def test_no_stage_is_skipped() -> None:
    book = PolicyBook(SHIPPED)
    put(book, drafted(book, STRICT, wish(S.DRAFT, "ana")))
    with pytest.raises(ChangeRefused, match="it must be rollout or shadow"):
        changed(book, STRICT.version, wish(S.ROLLOUT, "bo", percent=5))
    with pytest.raises(ChangeRefused, match="it must be rollout"):
        changed(book, STRICT.version, wish(S.LIVE, "bo"))
    with pytest.raises(ChangeRefused, match="there is no version"):
        changed(book, "never-heard-of", wish(S.SHADOW, "bo"))


def forged(book: PolicyBook) -> Iterator[PolicyVersionChanged]:
    """Records that somebody wrote on the topic by hand."""
    put(book, drafted(book, STRICT, wish(S.DRAFT, "ana")))
    shadow = put(book, changed(book, STRICT.version, wish(S.SHADOW, "ana")))
    rollout = changed(book, STRICT.version, wish(S.ROLLOUT, "bo", percent=99))
    yield rollout.model_copy(
        update={"steps": (*shadow.steps, rollout.steps[-1].model_copy(update={"by": "ana"}))}
    )
    yield rollout.model_copy(update={"steps": (rollout.steps[0], rollout.steps[-1])})
    yield rollout.model_copy(update={"steps": shadow.steps})
    yield rollout.model_copy(update={"policy_text": TEXT})
    yield rollout.model_copy(update={"policy_text": "rules: ["})


def test_a_record_that_breaks_the_rules_is_refused_by_every_worker() -> None:
    book = PolicyBook(SHIPPED)
    for number, change in enumerate(forged(book)):
        put(book, change)
        assert book.rollout is None, number
        assert [shadow.version for shadow in book.shadows] == [STRICT.version]


def test_a_share_is_stable_and_grows_without_losing_anyone() -> None:
    tracks = [track_id(number) for number in range(4000)]
    shares = {
        percent: {one for one in tracks if in_share(STRICT, one, percent)} for percent in (0, 1, 10, 50, 100)
    }
    assert shares[0] == set()
    assert shares[1] < shares[10] < shares[50] < shares[100] == set(tracks)
    assert abs(len(shares[10]) / len(tracks) - 0.10) < 0.02
    assert shares[10] != {one for one in tracks if in_share(OTHER, one, 10)}


def test_a_rollout_decides_for_its_share_and_the_live_version_for_the_others() -> None:
    book = PolicyBook(SHIPPED)
    put(book, drafted(book, STRICT, wish(S.DRAFT, "ana")))
    put(book, changed(book, STRICT.version, wish(S.SHADOW, "ana")))
    put(book, changed(book, STRICT.version, wish(S.ROLLOUT, "bo", percent=30)))
    for number in range(500):
        wanted = STRICT if in_share(STRICT, track_id(number), 30) else SHIPPED
        assert book.policy_for(track_id(number)).version == wanted.version


def test_any_worker_that_reads_the_topic_from_its_compacted_rest_decides_alike() -> None:
    book, words = PolicyBook(SHIPPED), []
    to_live(book, STRICT)
    to_live(book, OTHER)
    words = [rolled_back(book, wish(S.RETIRED, "cleo"))]
    put(book, words[0])
    late = PolicyBook(SHIPPED)
    for word in book.words:
        put(late, word)
    assert late.live.version == book.live.version == STRICT.version
    assert late.generation == book.generation


def test_content_travels_with_the_version() -> None:
    book = PolicyBook(SHIPPED)
    put(book, drafted(book, STRICT, wish(S.DRAFT, "ana")))
    elsewhere = PolicyBook(OTHER)
    for word in book.words:
        put(elsewhere, word)
    found = elsewhere.content(STRICT.version)
    assert found is not None
    known = scenario_input({"ai": "inconclusive", "voice": "no_match"})
    assert evaluate(found, known) == evaluate(STRICT, known)


def decision(policy: Policy, known: PolicyInput, number: int = 1) -> DecisionMade:
    result = evaluate(policy, known)
    return DecisionMade(
        event_id=f"d{number}",
        occurred_at=A_TIME + timedelta(seconds=number),
        track_id=track_id(number),
        audio_sha256=known.audio.sha256,
        sequence=1,
        outcome=result.outcome,
        reasons=result.reasons,
        policy_version=result.policy_version,
        policy_input=known.model_dump(mode="json"),
    )


DOUBTFUL = scenario_input({"ai": "inconclusive", "voice": "no_match"})
FAILED = scenario_input({"ai": "error", "voice": "no_match"})


def brake(book: PolicyBook, stopped: list[PolicyVersionChanged]) -> Trial:
    return Trial(book, stopped.append, window=100, minimum=20, margin=0.2)


def test_a_version_whose_quarantines_run_away_is_stopped_and_the_one_before_decides() -> None:
    book, stopped = PolicyBook(SHIPPED), []
    to_live(book, STRICT)
    trial = brake(book, stopped)
    for number in range(40):
        trial(decision(book.policy_for(track_id(number)), DOUBTFUL, number), DOUBTFUL)
    assert [change.stage for change in stopped] == [S.STOPPED]
    assert stopped[0].steps[-1].by == BREAKER
    assert "held 100% more tracks" in stopped[0].steps[-1].note
    assert book.live.version == SHIPPED.version
    elsewhere = PolicyBook(SHIPPED)
    to_live(elsewhere, STRICT)
    put(elsewhere, stopped[0])
    assert elsewhere.live.version == SHIPPED.version


def test_a_wave_that_every_version_would_hold_stops_nothing() -> None:
    book, stopped = PolicyBook(SHIPPED), []
    to_live(book, STRICT)
    trial = brake(book, stopped)
    for number in range(200):
        trial(decision(STRICT, FAILED, number), FAILED)
    assert stopped == []
    assert book.live.version == STRICT.version


def test_a_shadow_is_counted_and_never_acts() -> None:
    book, stopped = PolicyBook(SHIPPED), []
    put(book, drafted(book, STRICT, wish(S.DRAFT, "ana")))
    put(book, changed(book, STRICT.version, wish(S.SHADOW, "ana")))
    counter = SHADOWED.labels(STRICT.version, "publish", "quarantine")
    before = counter._value.get()
    brake(book, stopped)(decision(SHIPPED, DOUBTFUL), DOUBTFUL)
    assert counter._value.get() == before + 1
    assert stopped == []
