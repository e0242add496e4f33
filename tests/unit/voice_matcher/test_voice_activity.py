"""Which windows are listened to."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.voice_matcher.fbank import BINS
from services.voice_matcher.voice_activity import (
    FEATURES,
    HOP_FRAMES,
    WINDOW_FRAMES,
    LinearScore,
    Window,
    choose,
    movement,
    rank_windows,
)

ODDS = st.lists(st.floats(-5, 5), min_size=0, max_size=40)


def ranked(odds: list[float]) -> list[Window]:
    windows = [Window(index * HOP_FRAMES, value) for index, value in enumerate(odds)]
    return sorted(windows, key=lambda window: -window.odds)


@given(ODDS, st.integers(1, 12))
def test_the_choice_is_in_order_of_time_without_repeats_and_never_too_many(
    odds: list[float], most: int
) -> None:
    chosen = choose(ranked(odds), most)
    assert [w.frame for w in chosen] == sorted({w.frame for w in chosen})
    assert len(chosen) == min(most, len(odds))


@given(ODDS.filter(bool))
def test_the_most_voice_like_window_is_always_chosen(odds: list[float]) -> None:
    assert max(odds) == max(window.odds for window in choose(ranked(odds), 1))


def test_windows_that_do_not_overlap_are_preferred() -> None:
    chosen = choose(ranked([3.0, 2.9, 2.8, 2.7, 0.0]), 3)
    assert [w.frame // HOP_FRAMES for w in chosen] == [0, 2, 4]


@pytest.mark.parametrize("gain_db", [-20.0, 6.0])
def test_loudness_and_tone_colour_do_not_count_as_movement(gain_db: float) -> None:
    window = np.random.default_rng(1).normal(size=(WINDOW_FRAMES, BINS)).astype(np.float32)
    coloured = window + gain_db / 4.34 + np.linspace(0, 3, BINS, dtype=np.float32)
    assert movement(coloured) == pytest.approx(movement(window), abs=1e-3)


def test_a_held_sound_does_not_move() -> None:
    still = movement(np.ones((WINDOW_FRAMES, BINS), np.float32))
    assert still.shape == (FEATURES,)
    assert np.all(still[: 2 * BINS] == 0)


@pytest.mark.parametrize(("frames", "windows"), [(0, 0), (WINDOW_FRAMES - 1, 0), (WINDOW_FRAMES, 1)])
def test_only_whole_windows_are_ranked(frames: int, windows: int) -> None:
    score = LinearScore(np.zeros(FEATURES), 0.0)
    assert len(rank_windows(np.zeros((frames, BINS), np.float32), score)) == windows


def test_no_window_goes_over_the_joint_of_two_stretches() -> None:
    score = LinearScore(np.zeros(FEATURES), 0.0)
    stretches, each = 3, 600
    whole = np.zeros((stretches * each - 2, BINS), np.float32)
    frames = sorted(window.frame for window in rank_windows(whole, score, each=each))
    assert frames == [0, 150, 300, 600, 750, 900, 1200, 1350, 1500]
