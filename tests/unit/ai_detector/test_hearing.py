"""The second opinion: how cells of the spectrum move, and how exactly a track repeats itself."""

import numpy as np
import pytest

from services.ai_detector import features, texture
from services.ai_detector.repeats import repeats
from services.ai_detector.spectrum import long_term_spectra
from tests.unit.ai_detector.sounds import coloured_noise, melody

RATE = 44_100


def stat(name: str, values: np.ndarray) -> float:
    return float(values[texture.names().index(name)])


def test_a_tone_s_phase_advances_steadily_and_noise_s_does_not() -> None:
    time = np.arange(3 * RATE) / RATE
    tone = np.sin(2 * np.pi * 1503.0 * time).astype(np.float32)
    noise = coloured_noise(3, RATE)[:, 0]
    steady = stat("phase_steady_loud_2", texture.block_texture(tone, None, RATE))
    assert steady > 0.95
    assert stat("phase_steady_loud_2", texture.block_texture(noise, None, RATE)) < 0.7


def test_a_click_s_phases_lie_evenly_along_frequency() -> None:
    clicks = np.zeros(3 * RATE, dtype=np.float32)
    clicks[::2048] = 1.0
    noise = coloured_noise(3, RATE)[:, 0]
    even = stat("phase_smooth_2", texture.block_texture(clicks, None, RATE))
    assert even > 2 * abs(stat("phase_smooth_2", texture.block_texture(noise, None, RATE)))


@pytest.mark.parametrize("gain", [0.001, 0.1, 7.0])
def test_level_changes_no_statistic(gain: float) -> None:
    sound = melody(4, RATE)[:, 0]
    plain = texture.block_texture(sound, sound[::-1].copy(), RATE)
    louder = texture.block_texture(gain * sound, gain * sound[::-1].copy(), RATE)
    np.testing.assert_allclose(plain, louder, rtol=2e-2, atol=2e-2)


def test_bands_that_the_rate_cannot_carry_are_missing_and_not_zero() -> None:
    values = texture.block_texture(coloured_noise(3, 16_000)[:, 0], None, 16_000)
    missing = np.isnan(values)
    for name, gone in zip(texture.names(), missing, strict=True):
        beyond = max(texture.bands_of(name)) == len(texture.BANDS_HZ) - 1
        assert gone == (beyond or name.startswith("side"))


def test_silence_and_a_blink_tell_nothing() -> None:
    assert np.isnan(texture.block_texture(np.zeros(RATE, np.float32), None, RATE)).all()
    assert np.isnan(texture.block_texture(np.ones(100, np.float32), None, RATE)).all()


def test_a_loop_repeats_sample_for_sample_and_a_new_take_does_not() -> None:
    bar = melody(3, RATE)
    looped = np.concatenate([bar, bar, bar, bar])
    again = np.concatenate([bar, *(coloured_noise(3, RATE, seed=s) for s in (5, 6, 7))])
    assert repeats(looped, RATE)[0] > 0.95
    assert repeats(again, RATE)[0] < 0.5


def test_too_little_audio_has_no_repeats_to_show() -> None:
    assert np.isnan(repeats(melody(5, RATE), RATE)).all()


def test_a_reading_names_what_kind_of_evidence_every_column_is() -> None:
    spectra = long_term_spectra(np.repeat(melody(12, RATE), 2, axis=1), RATE)
    assert spectra is not None
    reading = features.read(spectra, features.analysed_band(spectra))
    assert reading.columns.shape == (len(features.columns()),)
    assert {features.opinion(column) for column in features.columns()} == set(features.Opinion)


def test_mono_has_no_second_channel_to_be_better_than_the_first() -> None:
    spectra = long_term_spectra(melody(12, RATE), RATE)
    assert spectra is not None
    reading = features.read(spectra, features.analysed_band(spectra))
    at = dict(zip(features.columns(), reading.columns, strict=True))
    assert at["either_lattice_low_z"] == at["lattice_low_z"]
    assert np.isnan(at["side_level_1"])
