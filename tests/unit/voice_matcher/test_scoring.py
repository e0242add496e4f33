"""Scores that can be compared: what centring, AS-norm and fusion promise."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.voice_matcher.scoring import (
    NEAREST,
    Level,
    enrolled_level,
    fuse,
    mean_of_top_half,
    top_half,
    window_scores,
)
from tests.unit.voice_matcher.voices import directions, yardstick

BACKGROUND = yardstick().backgrounds["campplus"]


def test_strangers_score_about_as_much_as_the_cohort_does() -> None:
    artists, tracks = directions(50, "campplus", 77), directions(200, "campplus", 78)
    level = enrolled_level(artists, BACKGROUND)
    scores = np.concatenate([window_scores(t[None], artists, level, BACKGROUND).ravel() for t in tracks])
    assert scores.mean() < 0.0  # the level is that of the most similar strangers
    assert np.quantile(scores, 0.999) < 6.0


def test_the_level_is_taken_over_the_most_similar_strangers() -> None:
    scores = np.arange(1000.0)[None]
    level = Level.of(scores)
    assert level.mean[0] == pytest.approx(np.arange(1000 - NEAREST, 1000).mean())
    assert level.deviation[0] == pytest.approx(np.arange(1000 - NEAREST, 1000).std())


@given(st.lists(st.floats(-10, 10), min_size=1, max_size=12))
def test_the_better_half_counts_and_never_less_than_one_window(raw: list[float]) -> None:
    column = np.asarray(raw)[:, None]
    counted = top_half(column)
    assert counted.sum() == (len(raw) + 1) // 2
    assert column[counted].min() >= column[~counted].max(initial=-np.inf)
    assert mean_of_top_half(column)[0] == pytest.approx(column[counted].mean())


def test_fusion_is_the_weighted_sum() -> None:
    fused = fuse({"a": np.array([[1.0]]), "b": np.array([[3.0]])}, {"a": 0.25, "b": 0.75})
    assert fused == pytest.approx(np.array([[2.5]]))
