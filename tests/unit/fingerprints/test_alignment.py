"""Two fingerprints agree where they are of the same sound, wherever that is in either, and nowhere else."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.fingerprints.alignment import LEAST_SECONDS, MOST_DRIFT, align
from services.fingerprints.terms import Found, leads, words_of
from shared.fingerprint import SECONDS_EACH
from tests.support.recordings import sound, worn

SONG = sound(1)


def test_the_same_recording_agrees_from_start_to_end() -> None:
    found = align(SONG, SONG, 0, 0)
    assert found is not None
    assert found.bit_error_rate == 0.0
    assert found.seconds > 0.95 * len(SONG) * SECONDS_EACH
    assert found.here == found.there


def test_another_recording_agrees_nowhere() -> None:
    assert align(SONG, sound(2), 0, 0) is None


@pytest.mark.parametrize(("share", "same"), [(0.0, True), (0.1, True), (0.2, True), (0.35, False)])
def test_coding_may_turn_bits_over_up_to_a_quarter(share: float, *, same: bool) -> None:
    found = align(worn(SONG, share), SONG, 0, 0)
    assert (found is not None) is same
    if found is not None:
        assert found.bit_error_rate == pytest.approx(share, abs=0.02)


def test_a_stretch_is_found_where_it_lies_in_either() -> None:
    here = np.concatenate([sound(5, 120), SONG[80:240], sound(6, 100)])
    found = align(here, SONG, 150, -40)
    assert found is not None
    start, end = found.here
    assert start == pytest.approx(120 * SECONDS_EACH, abs=3.0)
    assert end == pytest.approx(280 * SECONDS_EACH, abs=3.0)
    assert found.there[0] == pytest.approx(start - 40 * SECONDS_EACH, abs=0.5)


def test_less_than_nine_seconds_of_the_same_are_a_sample_and_no_copy() -> None:
    moments = int(LEAST_SECONDS / SECONDS_EACH) - 24
    here = np.concatenate([SONG[:moments], sound(7, 300)])
    assert align(here, SONG, 0, 0) is None


def test_silence_agrees_with_silence_and_says_nothing() -> None:
    silent = np.full(400, 627_964_279, np.uint32)
    assert align(silent, silent, 0, 0) is None


@pytest.mark.parametrize("speed", [1 - MOST_DRIFT / 2, 1 + MOST_DRIFT / 2])
def test_a_copy_that_runs_a_little_faster_or_slower_is_followed(speed: float) -> None:
    there = sound(3, 1400)
    here = there[np.clip((np.arange(1300) * speed).round().astype(int), 0, len(there) - 1)]
    found = align(here, there, 650, int(650 * speed) - 650)
    assert found is not None
    assert found.seconds > 0.9 * len(here) * SECONDS_EACH


@settings(max_examples=40, deadline=None)
@given(cut=st.integers(0, 200), length=st.integers(120, 200), share=st.floats(0.0, 0.04))
def test_any_cut_leads_to_the_place_that_it_was_cut_from(cut: int, length: int, share: float) -> None:
    here = worn(SONG[cut : cut + length], share)
    values, mine, theirs = np.intersect1d(words_of(here).values, words_of(SONG).values, return_indices=True)
    at, where = words_of(here).positions[mine], words_of(SONG).positions[theirs]
    found = leads(Found(at.astype(np.int64), np.zeros(len(values), np.int64), where.astype(np.int64)))
    assert found
    assert abs(found[0].offset - cut) <= 1
    assert align(here, SONG, found[0].anchor, found[0].offset) is not None


@settings(max_examples=40, deadline=None)
@given(offset=st.integers(-600, 600), anchor=st.integers(0, 399), seed=st.integers(10, 99))
def test_what_is_said_to_agree_lies_inside_of_both(offset: int, anchor: int, seed: int) -> None:
    there = np.concatenate([sound(seed, 90), SONG[:200], sound(seed + 1, 50)])
    found = align(SONG, there, anchor, offset)
    if found is not None:
        assert 0 <= found.here[0] < found.here[1] <= len(SONG) * SECONDS_EACH + 0.01
        assert 0 <= found.there[0] < found.there[1] <= len(there) * SECONDS_EACH + 0.01
