"""Every artist is judged alone; a change makes a new index and leaves the old one as it was."""

from hypothesis import given, settings
from hypothesis import strategies as st

from services.voice_matcher.domain import MatchVerdict
from services.voice_matcher.index import VoiceIndex
from tests.unit.voice_matcher.voices import CALIBRATION, Singer, yardstick

EMPTY = VoiceIndex(yardstick())
ANNA, BO, CY = Singer(1), Singer(2), Singer(3)


def test_the_enrolled_voice_matches_and_another_does_not() -> None:
    index = EMPTY.with_template(ANNA.template("anna")).with_template(BO.template("bo"))
    anna, bo = (next(s for s in index.search(ANNA.heard()) if s.artist_id == a) for a in ("anna", "bo"))
    assert anna.verdict is MatchVerdict.MATCH
    assert bo.verdict is MatchVerdict.NO_MATCH


def test_a_stranger_matches_nobody_although_somebody_is_nearest() -> None:
    index = EMPTY.with_template(ANNA.template("anna")).with_template(BO.template("bo"))
    assert {score.verdict for score in index.search(CY.heard())} == {MatchVerdict.NO_MATCH}


def test_two_artists_may_both_match() -> None:
    index = EMPTY.with_template(ANNA.template("anna")).with_template(ANNA.template("anna-again"))
    assert [s.verdict for s in index.search(ANNA.heard())] == [MatchVerdict.MATCH] * 2


def test_an_artist_scores_the_same_whoever_else_is_enrolled() -> None:
    alone = EMPTY.with_template(ANNA.template("anna"))
    crowd = alone
    for seed in range(10, 30):
        crowd = crowd.with_template(Singer(seed).template(f"artist-{seed}"))
    among = next(s for s in crowd.search(ANNA.heard()) if s.artist_id == "anna")
    assert abs(among.score - alone.search(ANNA.heard())[0].score) < 1e-4


def test_a_removed_artist_is_not_found_and_the_old_snapshot_still_knows() -> None:
    before = EMPTY.with_template(ANNA.template("anna"))
    after = before.without("anna")
    assert after.search(ANNA.heard()) == ()
    assert before.artists == {"anna"}


def test_an_empty_index_finds_nobody() -> None:
    assert EMPTY.search(ANNA.heard()) == ()


def test_passages_are_in_order_of_time_and_carry_the_reference() -> None:
    found = EMPTY.with_template(ANNA.template("anna")).search(ANNA.heard(windows=9))[0]
    assert [p.start for p in found.passages] == sorted(p.start for p in found.passages)
    assert all(p.end - p.start == 3.0 for p in found.passages)
    assert found.reference == "trackgate://anna"


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), windows=st.integers(1, 12))
def test_a_verdict_says_no_more_than_its_score(seed: int, windows: int) -> None:
    index = EMPTY.with_template(ANNA.template("anna")).with_template(BO.template("bo"))
    for found in index.search(Singer(seed).heard(windows=windows, noise=0.1, seed=seed)):
        assert (found.verdict is MatchVerdict.MATCH) == (found.score >= CALIBRATION.match)
        assert (found.verdict is MatchVerdict.NO_MATCH) == (found.score < CALIBRATION.possible)
