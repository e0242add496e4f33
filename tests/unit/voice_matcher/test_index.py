"""Every artist is judged alone, whoever else is enrolled; who comes or goes is found or gone at once."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.voice_matcher.domain import HeardVoice, MatchVerdict, VoiceTemplate
from services.voice_matcher.index import SCORED_WHOLE, VoiceIndex
from tests.unit.voice_matcher.voices import CALIBRATION, Singer, yardstick

ANNA, BO, CY = Singer(1), Singer(2), Singer(3)


def holding(*templates: VoiceTemplate, scored_whole: int = SCORED_WHOLE) -> VoiceIndex:
    return VoiceIndex(yardstick(), {t.artist_id: t for t in templates}, scored_whole=scored_whole)


def crowd(size: int) -> list[VoiceTemplate]:
    return [Singer(100 + number).template(f"artist-{number}") for number in range(size)]


def test_the_enrolled_voice_matches_and_another_does_not() -> None:
    index = holding(ANNA.template("anna"), BO.template("bo"))
    anna, bo = (next(s for s in index.search(ANNA.heard()) if s.artist_id == a) for a in ("anna", "bo"))
    assert anna.verdict is MatchVerdict.MATCH
    assert bo.verdict is MatchVerdict.NO_MATCH


def test_a_stranger_matches_nobody_although_somebody_is_nearest() -> None:
    index = holding(ANNA.template("anna"), BO.template("bo"))
    assert {score.verdict for score in index.search(CY.heard())} == {MatchVerdict.NO_MATCH}


def test_two_artists_may_both_match() -> None:
    index = holding(ANNA.template("anna"), ANNA.template("anna-again"))
    assert [s.verdict for s in index.search(ANNA.heard())] == [MatchVerdict.MATCH] * 2


def test_an_artist_scores_the_same_whoever_else_is_enrolled() -> None:
    alone = holding(ANNA.template("anna"))
    among = holding(ANNA.template("anna"), *crowd(20))
    found = next(s for s in among.search(ANNA.heard()) if s.artist_id == "anna")
    assert abs(found.score - alone.search(ANNA.heard())[0].score) < 1e-4


def test_a_shortlist_scores_exactly_as_everybody_is_scored() -> None:
    templates = [ANNA.template("anna"), *crowd(1500)]
    whole, listed = holding(*templates), holding(*templates, scored_whole=0)
    assert whole.search(ANNA.heard(), at_most=3) == listed.search(ANNA.heard(), at_most=3)
    assert len(listed.search(ANNA.heard())) < len(whole.search(ANNA.heard())) == 1501


def test_a_shortlist_finds_both_singers_of_a_duet() -> None:
    index = holding(ANNA.template("anna"), BO.template("bo"), *crowd(3000), scored_whole=0)
    anna, bo = ANNA.heard(windows=3), BO.heard(windows=3)
    both = {
        network: np.concatenate([anna.embeddings[network], bo.embeddings[network]])
        for network in anna.embeddings
    }
    heard = HeardVoice(ANNA.heard(windows=6).windows, both, odds=3.0)
    assert {s.artist_id for s in index.search(heard, at_most=2)} == {"anna", "bo"}


@pytest.mark.parametrize("scored_whole", [0, SCORED_WHOLE])
def test_who_is_put_is_found_and_who_is_removed_is_not(scored_whole: int) -> None:
    index = holding(*crowd(5), scored_whole=scored_whole)
    index.put(ANNA.template("anna"))
    assert index.search(ANNA.heard())[0].artist_id == "anna"
    assert "anna" in index
    index.remove("anna")
    assert "anna" not in {s.artist_id for s in index.search(ANNA.heard())}
    assert "anna" not in index


def test_removing_somebody_leaves_everybody_else_as_they_were() -> None:
    index = holding(*crowd(6))
    index.remove("artist-0")
    index.remove("artist-3")
    for number in (1, 2, 4, 5):
        best = index.search(Singer(100 + number).heard())[0]
        assert (best.artist_id, best.verdict) == (f"artist-{number}", MatchVerdict.MATCH)
    assert index.artists == {"artist-1", "artist-2", "artist-4", "artist-5"}


def test_removing_whom_nobody_enrolled_changes_nothing() -> None:
    index = holding(ANNA.template("anna"))
    index.remove("bo")
    assert index.artists == {"anna"}


def test_putting_an_artist_again_replaces_the_voice() -> None:
    index = holding(ANNA.template("anna"))
    index.put(BO.template("anna"))
    assert index.search(ANNA.heard())[0].verdict is MatchVerdict.NO_MATCH
    assert index.search(BO.heard())[0].verdict is MatchVerdict.MATCH
    assert len(index) == 1


def test_an_artist_of_several_registers_is_found_by_each_and_named_once() -> None:
    (low,), (high,) = ANNA.template("anna").references, BO.template("anna").references
    registers = VoiceTemplate("anna", "Anna", (replace(low, group="low"), replace(high, group="high")))
    index = holding(registers, CY.template("cy"))
    for register in (ANNA, BO):
        found = index.search(register.heard())
        assert [s.artist_id for s in found] == ["anna", "cy"]
        assert found[0].verdict is MatchVerdict.MATCH
    index.remove("anna")
    assert [s.artist_id for s in index.search(CY.heard())] == ["cy"]


def test_the_reference_that_is_named_is_the_one_most_alike() -> None:
    (one,), (two,) = ANNA.template("first").references, BO.template("second").references
    index = holding(VoiceTemplate("anna", "Anna", (one, two)))
    assert index.search(BO.heard())[0].reference == "trackgate://second"


def test_no_more_than_asked_for_are_returned_the_best_first() -> None:
    index = holding(*crowd(9))
    found = index.search(CY.heard(), at_most=4)
    assert [s.score for s in found] == sorted((s.score for s in index.search(CY.heard())), reverse=True)[:4]


def test_an_empty_index_finds_nobody() -> None:
    assert holding().search(ANNA.heard()) == ()


def test_passages_are_in_order_of_time_and_carry_the_reference() -> None:
    found = holding(ANNA.template("anna")).search(ANNA.heard(windows=9))[0]
    assert [p.start for p in found.passages] == sorted(p.start for p in found.passages)
    assert all(p.end - p.start == 3.0 for p in found.passages)
    assert found.reference == "trackgate://anna"


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), windows=st.integers(1, 12))
def test_a_verdict_says_no_more_than_its_score(seed: int, windows: int) -> None:
    index = holding(ANNA.template("anna"), BO.template("bo"))
    for found in index.search(Singer(seed).heard(windows=windows, noise=0.1, seed=seed)):
        assert (found.verdict is MatchVerdict.MATCH) == (found.score >= CALIBRATION.match)
        assert (found.verdict is MatchVerdict.NO_MATCH) == (found.score < CALIBRATION.possible)


@settings(max_examples=25, deadline=None)
@given(steps=st.lists(st.tuples(st.booleans(), st.integers(0, 7)), max_size=25))
def test_after_any_coming_and_going_those_who_stayed_are_found(steps: list[tuple[bool, int]]) -> None:
    index, there = holding(), set[int]()
    for coming, number in steps:
        if coming:
            index.put(Singer(number).template(f"a{number}"))
            there.add(number)
        else:
            index.remove(f"a{number}")
            there.discard(number)
    assert index.artists == {f"a{number}" for number in there}
    for number in there:
        assert index.search(Singer(number).heard())[0].artist_id == f"a{number}"
