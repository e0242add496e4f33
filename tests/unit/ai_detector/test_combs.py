"""Teeth are found where they are, at whatever spacing, rate and level; what is no comb is not called one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ai_detector import features, lattice
from services.ai_detector.features import Reading
from services.ai_detector.spectrum import Floats, long_term_spectra
from tests.unit.ai_detector.sounds import coloured_noise, echoed, melody, with_teeth

CHANCE = 6.0


def read(pcm: Floats, rate: int) -> Reading:
    spectra = long_term_spectra(pcm, rate)
    assert spectra is not None
    return features.read(spectra, features.analysed_band(spectra))


@pytest.mark.parametrize("rate", [16_000, 22_050, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("spacing", [100.0, 44_100 / 512, 200.0, 344.53125])
def test_teeth_of_a_known_spacing_are_found_at_that_spacing(rate: int, spacing: float) -> None:
    reading = read(with_teeth(coloured_noise(12, rate), rate, spacing), rate)
    assert reading.spacing_hz == pytest.approx(spacing, rel=2e-4)
    assert reading.features.lattice_low_z > 2 * CHANCE
    assert reading.features.hits > 0.9


@settings(max_examples=12, deadline=None)
@given(st.floats(min_value=70.0, max_value=600.0))
def test_any_spacing_is_found_by_the_free_search(spacing: float) -> None:
    reading = read(with_teeth(coloured_noise(10, 32_000), 32_000, spacing), 32_000)
    ratio = max(reading.free_spacing_hz, spacing) / min(reading.free_spacing_hz, spacing)
    assert ratio == pytest.approx(round(ratio), rel=1e-3)
    assert reading.features.free_low_z > 2 * CHANCE


def test_a_changed_speed_moves_the_teeth_and_keeps_them_a_comb() -> None:
    rate = 44_100
    faster = with_teeth(coloured_noise(12, rate), rate, 100.0 * 1.0371)
    reading = read(faster, rate)
    assert reading.free_spacing_hz == pytest.approx(103.71, rel=2e-4)
    assert not lattice.origins(reading.free_spacing_hz)


@pytest.mark.parametrize("seed", range(5))
def test_noise_has_no_comb(seed: int) -> None:
    found = read(coloured_noise(20, 44_100, seed=seed), 44_100).features
    assert max(found.lattice_low_z, found.free_low_z) < CHANCE


@pytest.mark.parametrize("delay", [0.020, 0.030, 0.040, 0.0613, 0.080])
def test_an_echo_is_taken_out_and_leaves_no_comb(delay: float) -> None:
    noise = coloured_noise(20, 44_100)
    found = read(echoed(noise, 44_100, delay, 0.5), 44_100).features
    assert found.lattice_low_z < CHANCE
    assert found.ripple > 4.0


def test_teeth_survive_the_removal_of_an_echo_on_top_of_them() -> None:
    both = echoed(with_teeth(coloured_noise(20, 44_100), 44_100, 100.0), 44_100, 0.04, 0.5)
    reading = read(both, 44_100)
    assert reading.spacing_hz == pytest.approx(100.0, rel=2e-4)
    assert reading.features.lattice_low_z > 2 * CHANCE


def test_notes_that_come_and_go_do_not_look_like_a_decoder() -> None:
    found = read(melody(30, 44_100), 44_100).features
    assert found.lattice_low_z < CHANCE
    assert found.off_lattice_low_z > found.lattice_low_z


@settings(max_examples=8, deadline=None)
@given(st.floats(min_value=-50.0, max_value=12.0), st.integers(0, 3))
def test_a_gain_changes_nothing(decibels: float, seed: int) -> None:
    sound = with_teeth(coloured_noise(8, 24_000, seed=seed), 24_000, 150.0, share=0.2)
    louder = (sound * np.float32(10 ** (decibels / 20))).astype(np.float32)
    one, other = read(sound, 24_000).features.vector(), read(louder, 24_000).features.vector()
    assert other == pytest.approx(one, rel=1e-2, abs=0.1)


def test_every_lattice_spacing_names_a_rate_and_small_strides() -> None:
    assert {o.rate / o.strides * o.multiple for o in lattice.origins(86.1328)} == {44_100 / 512, 22_050 / 256}
    assert lattice.origins(98.21) == ()
    assert all(lattice.origins(spacing) for spacing in lattice.lattice())
