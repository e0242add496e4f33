"""The picture of a spectrum, and the teeth of a regular comb in it."""

import numpy as np
import pytest

from services.moderation.spectrum import spectrum, teeth

RATE = 44_100
SECONDS = 4


def comb(spacing_hz: float, *, level: float) -> np.ndarray:
    """Noise with a tone at each multiple of the spacing."""
    noise = np.random.default_rng(3).standard_normal(RATE * SECONDS) * 0.1
    time = np.arange(RATE * SECONDS) / RATE
    tones = sum(np.sin(2 * np.pi * hz * time) for hz in np.arange(spacing_hz, 16_000, spacing_hz))
    return (noise + level * tones).astype(np.float32)


def test_teeth_of_a_comb_stand_out_and_noise_has_few() -> None:
    drawn = spectrum(comb(689.0, level=0.02), RATE)
    assert drawn is not None
    at_teeth = teeth(drawn, 689.0, 16_000)
    assert len(at_teeth) == 23
    assert sum(tooth.evident for tooth in at_teeth) == 23
    plain = spectrum(comb(689.0, level=0.0), RATE)
    assert plain is not None
    assert sum(tooth.evident for tooth in teeth(plain, 689.0, 16_000)) <= 2


def test_levels_are_decibels_below_the_strongest() -> None:
    tone = np.sin(2 * np.pi * 5_000 * np.arange(RATE) / RATE).astype(np.float32)
    drawn = spectrum(tone, RATE)
    assert drawn is not None
    loudest = int(np.argmax(drawn.levels)) * drawn.to_hz / len(drawn.levels)
    assert loudest == pytest.approx(5_000, abs=30)
    assert max(drawn.levels) == 0
    assert min(drawn.levels) >= -120


@pytest.mark.parametrize("samples", [np.zeros(RATE, np.float32), np.ones(100, np.float32)])
def test_silence_and_a_moment_have_no_spectrum(samples: np.ndarray) -> None:
    assert spectrum(samples, RATE) is None


def test_a_spacing_finer_than_the_picture_is_not_drawn() -> None:
    drawn = spectrum(comb(689.0, level=0.02), RATE)
    assert drawn is not None
    assert teeth(drawn, 10.0, 16_000) == ()
