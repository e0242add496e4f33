"""Registers and manners: what is whitened away, and what a spoken track's score owes to being spoken."""

from dataclasses import replace

import numpy as np
import pytest

from services.voice_matcher.embedding import unit
from services.voice_matcher.models import load_backgrounds
from services.voice_matcher.scoring import Background, enrolled_level, window_scores
from services.voice_matcher.voice_activity import LinearScore
from tests.unit.voice_matcher.voices import directions, yardstick

BACKGROUND = yardstick().backgrounds["campplus"]


def test_a_direction_in_which_voices_differ_from_themselves_counts_less() -> None:
    register = directions(1, "campplus", 5)[0]
    dampened = np.eye(192, dtype=np.float32) - 0.9 * np.outer(register, register).astype(np.float32)
    voice = directions(1, "campplus", 6)[0]
    low, high = unit(np.stack([voice - register, voice + register]))

    def likeness(background: Background) -> float:
        return float(background.centre_upload(low[None])[0] @ background.centre_upload(high[None])[0])

    assert likeness(replace(BACKGROUND, whitening=dampened)) > likeness(BACKGROUND) + 0.5


def test_a_spoken_track_loses_the_excess_and_a_sung_one_does_not() -> None:
    speech_to_singing = directions(1, "campplus", 9)[0].astype(np.float64)
    told = replace(BACKGROUND, manner=LinearScore(100.0 * speech_to_singing, 0.0), speech_excess=1.5)
    artists = directions(5, "campplus", 10)
    level = enrolled_level(artists, BACKGROUND)
    for windows, lost in ((-speech_to_singing, 1.5), (speech_to_singing, 0.0)):
        window = windows[None].astype(np.float32)
        before = window_scores(window, artists, level, BACKGROUND)
        assert before - window_scores(window, artists, level, told) == pytest.approx(lost, abs=1e-3)


@pytest.mark.parametrize("network", ["campplus", "resemblyzer"])
def test_the_shipped_background_is_whole(network: str) -> None:
    shipped = load_backgrounds()[network]
    assert np.allclose(shipped.whitening, shipped.whitening.T, atol=0.05)
    assert np.linalg.eigvalsh(shipped.whitening.astype(np.float64)).min() > 0
    for strangers in (shipped.strangers_uploaded, shipped.strangers_enrolled):
        assert np.linalg.norm(strangers, axis=1) == pytest.approx(1.0, abs=2e-3)
    assert shipped.speech_excess > 0
