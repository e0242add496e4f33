"""The centre channel keeps what both channels share."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.voice_matcher.centre import centre_channel


def noise(seed: int, size: int = 8000) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.1, size).astype(np.float32)


@settings(max_examples=25, deadline=None)
@given(size=st.integers(min_value=1, max_value=9000))
def test_a_mono_recording_passes_unchanged_whatever_its_length(size: int) -> None:
    signal = noise(1, size)
    kept = centre_channel(signal, signal)
    assert kept.shape == signal.shape
    assert np.allclose(kept, signal, atol=1e-5)


def test_what_is_only_on_one_side_is_nearly_gone() -> None:
    kept = centre_channel(noise(2), np.zeros(8000, np.float32))
    assert np.abs(kept).max() == pytest.approx(0.0, abs=1e-6)


def test_a_voice_in_the_centre_stands_out_from_a_wide_band() -> None:
    time = np.arange(16_000) / 16_000
    tones = [0.1 * np.sin(2 * np.pi * 220 * k * time) / k for k in range(1, 9)]
    voice = np.sum(tones, axis=0).astype(np.float32)
    left, right = noise(3, 16_000), noise(4, 16_000)
    mid = voice + (left + right) / 2
    kept = centre_channel(voice + left, voice + right)
    assert np.corrcoef(kept, voice)[0, 1] > np.corrcoef(mid, voice)[0, 1] + 0.1
